#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""conforms.py SCHEMA FILE... [--lines] — checks files, or with --lines each of their lines, against a JSON
Schema, and prints where they differ. Files *.yaml are read as YAML. Objects may contain
only the keys that the schema describes, so that a new key requires a description. Exit status: 0 the file
conforms, 1 it does not, or contains nothing."""
import json
import sys

import jsonschema


def closed(schema):
    """The schema without permission for keys that it does not describe."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and schema.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def documents(path, lines):
    with open(path, encoding="utf-8") as file:
        if path.endswith(".yaml"):
            import yaml
            return [yaml.safe_load(file)]
        if lines:
            return [json.loads(line) for line in file]
        return [json.load(file)]


def main():
    schema_path, *paths = [argument for argument in sys.argv[1:] if argument != "--lines"]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    checker = jsonschema.Draft7Validator(closed(schema))
    wrong = 0
    for path in paths:
        found = documents(path, "--lines" in sys.argv)
        wrong += not found
        for number, document in enumerate(found, 1):
            for error in checker.iter_errors(document):
                wrong += 1
                where = "/".join(str(part) for part in error.absolute_path)
                print(f"{path}: {number}: /{where}: {error.message[:300]}")
    return 1 if wrong or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
