"""Bytes to types and back: canonical JSON, YAML with line numbers, problems, atomic files, JSON Schemas."""
