"""Writes the names of an AWS service's API model, as botocore has it, to the standard output.

    name_shapes.py servicediscovery > Tests/AWSProtocolTests/Models/servicediscovery.json

Operations with their input, output, host prefix and documented faults; structures with their members, the types of these, and which are
required; faults with their members; and the values of enumerations. No documentation, no limits.
"""

import json
import sys

import botocore.session

model = botocore.session.get_session().get_service_model(sys.argv[1])
shapes = {name: model.shape_for(name) for name in model.shape_names}


def type_of(shape):
    if shape.type_name == "structure":
        return shape.name
    if shape.type_name == "list":
        return f"[{type_of(shape.member)}]"
    if shape.type_name == "map":
        return "map"
    return "integer" if shape.type_name == "long" else shape.type_name


def members_of(shape):
    return {name: type_of(member) for name, member in shape.members.items()}


def name_of(shape):
    return shape.name if shape else None


operations, structures, faults, choices = {}, {}, {}, {}
for name in model.operation_names:
    operation = model.operation_model(name)
    operations[name] = {
        "faults": sorted(shape.error_code for shape in operation.error_shapes),
        "hostPrefix": (operation.endpoint or {}).get("hostPrefix"),
        "input": name_of(operation.input_shape),
        "output": name_of(operation.output_shape),
    }
for name, shape in shapes.items():
    if shape.type_name == "structure" and shape.metadata.get("exception"):
        faults[shape.error_code] = sorted(member for member in shape.members if member.lower() != "message")
    elif shape.type_name == "structure":
        structures[name] = {"members": members_of(shape), "required": sorted(shape.required_members)}
    elif shape.type_name == "string" and shape.enum:
        choices[name] = list(shape.enum)
json.dump(
    {
        "choices": choices, "faults": faults, "operations": operations, "structures": structures,
        "protocol": {"targetPrefix": model.metadata["targetPrefix"], "signingName": model.signing_name, "version": model.metadata["jsonVersion"]},
    },
    sys.stdout, indent=1, sort_keys=True)
print()
