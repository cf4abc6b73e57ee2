from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_cli.formats.redact import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("curl https://ana:pw@example.org/x", "curl https://example.org/x"),
        ("git clone https://ghp_abc@github.com/a/b", "git clone https://github.com/a/b"),
        ("psql postgresql://u:p@db:5432/x", "psql postgresql://db:5432/x"),
        ("a https://u:p@x b https://v:q@y", "a https://x b https://y"),
        ("x --password hunter2 --depth 3", "x --password *** --depth 3"),
        ("x --password=hunter2", "x --password=***"),
        ("x --db-passwd 'a b' -v", "x --db-passwd *** -v"),
        ('x --api-key "a b" -v', "x --api-key *** -v"),
        ("API_KEY=abc python x.py", "API_KEY=*** python x.py"),
        ("AWS_SECRET_ACCESS_KEY=a/b+c python x.py", "AWS_SECRET_ACCESS_KEY=*** python x.py"),
        ("HF_TOKEN=hf_x python x.py", "HF_TOKEN=*** python x.py"),
        ("x -token t", "x -token ***"),
        ("x --private-key=k --access_key z", "x --private-key=*** --access_key ***"),
        ("x --client-credentials c", "x --client-credentials ***"),
        ("export Secret = s", "export Secret = ***"),
        ("curl 'https://x.org/?access_token=abc'", "curl 'https://x.org/?access_token=***'"),
    ],
)
def test_secrets_are_taken_out(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "python train.py --depth 3 --out model.bin",
        "python train.py --tokenizer bert --max-tokens 512",
        "MAX_TOKENS=512 python train.py",
        "python tokenize.py data/tokens.txt",
        "curl https://example.org/a@b",
        "scp ana@example.org:x .",
        "aws s3 cp s3://bucket/key@2 x",
        "python x.py --key-column id --monkey 3",
        "cat secrets.md",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_doing_it_again_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once or "@" in once


@given(st.text("abc123", min_size=4), st.sampled_from(["--token ", "--password=", "API_KEY=", "x_secret = "]))
def test_no_value_of_a_secret_argument_remains(value: str, name: str) -> None:
    assert redact(f"run {name}Q{value}Q end") == f"run {name}*** end"
