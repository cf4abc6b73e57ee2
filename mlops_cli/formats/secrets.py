"""What looks like a secret: files by their names, and text by what stands in it. Pure; it errs on the side of saying so."""

from __future__ import annotations

import re

# The last part of a path, in lower case.
_NAMES = (
    (r"\.env(\..+)?|.+\.env|\.envrc", "environment variables"),
    (r".+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)|id_(rsa|dsa|ecdsa|ed25519)(_sk)?", "a private key"),
    (
        r"\.?netrc|_netrc|\.pgpass|\.my\.cnf|\.htpasswd|\.git-credentials|\.pypirc|\.npmrc|\.dockercfg",
        "credentials",
    ),
    (
        r"credentials(\.(json|ya?ml|toml|ini|csv|txt))?|(client_)?secrets?\.(json|ya?ml|toml|ini|env|txt)",
        "credentials",
    ),
    (r"service[-_]?account.*\.json|kubeconfig|.+\.kubeconfig|terraform\.tfstate(\.backup)?", "credentials"),
)
_HARMLESS_NAMES = r"(\.env\.|.*\.env\.)(example|sample|template|dist|defaults?)|.+\.pub"
# What it is, how it reads, and what stands in it in any case (in lower case): looking for that first is fifty times as fast.
_TEXTS = (
    ("a private key", rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", (b"private key",)),
    ("an AWS access key", rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", (b"akia", b"asia")),
    (
        "an AWS secret key",
        rb"(?i)aws_?secret_?access_?key[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])",
        (b"secret",),
    ),
    ("a GitHub token", rb"\bgh[pousr]_[A-Za-z0-9]{36,}\b", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_")),
    ("a GitHub token", rb"\bgithub_pat_[A-Za-z0-9_]{22,}\b", (b"github_pat_",)),
    ("a GitLab token", rb"\bglpat-[A-Za-z0-9_-]{20,}", (b"glpat-",)),
    ("a Hugging Face token", rb"\bhf_[A-Za-z0-9]{30,}\b", (b"hf_",)),
    ("an API key", rb"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}", (b"sk-",)),
    ("a Google API key", rb"\bAIza[0-9A-Za-z_-]{35}\b", (b"aiza",)),
    ("a Slack token", rb"\bxox[abeoprs]-[0-9A-Za-z-]{10,}", (b"xox",)),
    ("a Slack address", rb"https://hooks\.slack\.com/services/T\w+/B\w+/\w+", (b"hooks.slack.com",)),
    ("a Stripe key", rb"\b(?:sk|rk)_live_[0-9A-Za-z]{20,}\b", (b"k_live_",)),
    ("a package registry token", rb"\bnpm_[A-Za-z0-9]{36}\b", (b"npm_",)),
    ("a package registry token", rb"\bpypi-AgE[A-Za-z0-9_-]{50,}", (b"pypi-age",)),
    ("a signed token", rb"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{15,}", (b".eyj",)),
    ("an Azure storage key", rb"(?i)AccountKey=[A-Za-z0-9+/]{60,}={0,2}", (b"accountkey=",)),
)


def secret_name(path: str) -> str:
    """Return why a file looks secret by its name; empty where it does not.

    Examples
    --------
    >>> secret_name("config/.env"), secret_name(".env.example"), secret_name("src/train.py")
    ('named like environment variables', '', '')
    """
    name = path.rpartition("/")[2].lower()
    if re.fullmatch(_HARMLESS_NAMES, name):
        return ""
    return next((f"named like {what}" for pattern, what in _NAMES if re.fullmatch(pattern, name)), "")


def secret_in(data: bytes) -> str:
    """Return why a file's content looks secret; empty where it does not.

    Examples
    --------
    >>> secret_in(b"-----BEGIN RSA PRIVATE KEY-----"), secret_in(b"depth: 3")
    ('holds what looks like a private key', '')
    """
    lower = data.lower()
    for what, pattern, telling in _TEXTS:
        if any(word in lower for word in telling) and re.search(pattern, data):
            return f"holds what looks like {what}"
    return ""
