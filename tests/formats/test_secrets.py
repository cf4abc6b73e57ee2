from __future__ import annotations

import pytest

from mlops_cli.formats.secrets import secret_in, secret_name

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    "path",
    [
        ".env", "a/.env", ".env.local", "prod.env", ".ENV", ".envrc", "key.pem", "server.key", "id_rsa", "id_ed25519", "x.p12",
        ".netrc", ".npmrc", ".pypirc", ".git-credentials", "credentials", "credentials.json", "client_secret.json",
        "secrets.yaml", "service-account-prod.json", "service_account.json", "kubeconfig", "terraform.tfstate",
    ],
)  # fmt: skip
def test_a_file_that_is_named_like_a_secret_is_one(path: str) -> None:
    assert secret_name(path).startswith("named like ")


@pytest.mark.parametrize(
    "path",
    [
        ".env.example", "x.env.sample", "id_rsa.pub", "src/secrets.py", "keys.py", "key.json", "environment.yml", "model.pkl",
        "data/.env/readme", "tokenizer.json", "credentials.py", "monkey", "params.yaml",
    ],
)  # fmt: skip
def test_a_file_that_is_named_like_any_other_is_none(path: str) -> None:
    assert secret_name(path) == ""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-----BEGIN " + "PRIVATE KEY-----", "a private key"),
        ("-----BEGIN OPENSSH " + "PRIVATE KEY-----", "a private key"),
        ("-----BEGIN PGP " + "PRIVATE KEY BLOCK-----", "a private key"),
        ("id = AKIA" + "ABCDEFGHIJKLMNOP", "an AWS access key"),
        ('aws_secret_access_key = "' + "a/b+" * 10 + '"', "an AWS secret key"),
        ("ghp_" + LETTERS, "a GitHub token"),
        ("github_pat_" + LETTERS, "a GitHub token"),
        ("glpat-" + LETTERS[:20], "a GitLab token"),
        ("hf_" + LETTERS[:34], "a Hugging Face token"),
        ("sk-" + LETTERS, "an API key"),
        ("AIza" + LETTERS[:35], "a Google API key"),
        ("xoxb-" + "1234567890-abc", "a Slack token"),
        ("sk_live_" + LETTERS[:24], "a Stripe key"),
        ("npm_" + LETTERS, "a package registry token"),
        ("eyJ" + LETTERS + ".eyJ" + LETTERS + "." + LETTERS, "a signed token"),
        ("AccountKey=" + LETTERS + LETTERS + "==", "an Azure storage key"),
    ],
)
def test_text_that_looks_like_a_secret_is_found_wherever_it_stands(text: str, what: str) -> None:
    assert secret_in(f"x = 1\n  value: {text}\nmore\n".encode()) == f"holds what looks like {what}"


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "token = os.environ['TOKEN']", "password: ${PASSWORD}",
        "task-list of a risk-based thing", "b3:" + "0" * 64, "import hf_hub", "commit 9605383fd2676861c53649fbb7a8b31cf6723630",
    ],
)  # fmt: skip
def test_ordinary_text_is_none(text: str) -> None:
    assert secret_in(text.encode()) == ""


def test_bytes_that_are_no_text_are_looked_through_as_well() -> None:
    assert (
        secret_in(b"\xff\x00AKIA" + b"ABCDEFGHIJKLMNOP" + b"\x00")
        == "holds what looks like an AWS access key"
    )
