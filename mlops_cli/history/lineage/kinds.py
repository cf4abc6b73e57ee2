"""What kind of thing lies at a path, as far as its name tells: a model, code, or anything else."""

from __future__ import annotations

_MODEL_SUFFIXES = """
bst cbm ckpt gguf h5 hdf5 joblib keras mar mlmodel npz onnx pb pickle pkl pt pth safetensors skops tflite ubj
"""
_CODE_SUFFIXES = """
bash c cc cpp cs cu f90 go h hpp ipynb java jl js kt lua m mjs pl php py pyx r rb rmd rs sas scala sh sql swift ts zsh
"""
_OTHER_SUFFIXES = """
cfg csv gif gz html ini jpeg jpg json jsonl log md npy parquet pdf png rst svg toml tsv txt xml yaml yml zip
"""
_MODELS, _CODE = frozenset(_MODEL_SUFFIXES.split()), frozenset(_CODE_SUFFIXES.split())
_OTHERS = _CODE | frozenset(_OTHER_SUFFIXES.split())
_FOLDERS = ("model", "models", "checkpoint", "checkpoints")


def is_model(path: str) -> bool:
    """Whether a path looks like a model's: by its suffix, or because a folder of models holds it and no suffix says otherwise.

    Examples
    --------
    >>> is_model("out/churn.joblib"), is_model("models/net.bin"), is_model("data/net.bin"), is_model("models/metrics.json")
    (True, True, False, False)
    """
    *folders, name = path.lower().split("/")
    suffix = name.rpartition(".")[2] if "." in name else ""
    return suffix in _MODELS or (suffix not in _OTHERS and any(folder in _FOLDERS for folder in folders))


def is_code(path: str) -> bool:
    """Whether a path looks like source code.

    Examples
    --------
    >>> is_code("src/train.py"), is_code("Makefile"), is_code("src/features"), is_code("data/raw.csv")
    (True, True, False, False)
    """
    name = path.rpartition("/")[2]
    return name in ("Makefile", "Dockerfile") or name.rpartition(".")[2].lower() in _CODE
