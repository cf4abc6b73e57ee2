"""The index of Git's history: what every record in it says, in one disposable database."""
