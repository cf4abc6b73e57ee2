"""JSON Schemas that ship with the package, for editors to complete and check what people write."""

from __future__ import annotations

from importlib.resources import files


def schema_text(name: str) -> str:
    """Return the text of a schema.

    Parameters
    ----------
    name : str
        Without its ending: `mlops` is the schema of the pipeline file.

    Raises
    ------
    FileNotFoundError
        When there is none of that name.
    """
    return files(__name__).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
