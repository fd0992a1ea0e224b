#!/usr/bin/env python3
"""Cuts the schemas that tests need out of the OpenAPI document of Clerk's Backend API, as one JSON Schema.

    tests/clerk_api/cut.py bapi/2026-05-12.yml > tests/clerk_api/document.json

The document is at https://github.com/clerk/openapi-specs (MIT licence). Texts for people are left out, and OpenAPI 3.0's
`nullable` becomes a type of its own. `paths` has of each call its parameters and what the body of each answer has to be.
"""

import json
import sys

import yaml

CALLS = [
    "GET /users", "GET /users/count", "GET /users/{user_id}", "GET /users/{user_id}/organization_memberships",
    "POST /users", "PATCH /users/{user_id}", "DELETE /users/{user_id}", "PATCH /users/{user_id}/metadata",
    "PUT /users/{user_id}/metadata", "POST /users/{user_id}/ban", "POST /users/{user_id}/unban",
    "POST /users/{user_id}/lock", "POST /users/{user_id}/unlock",
    "GET /organizations", "GET /organizations/{organization_id}", "GET /organizations/{organization_id}/memberships",
    "GET /organizations/{organization_id}/invitations", "GET /organizations/{organization_id}/invitations/pending",
    "GET /organizations/{organization_id}/invitations/{invitation_id}", "GET /organizations/{organization_id}/domains",
    "GET /organization_memberships", "GET /organization_invitations", "GET /organization_domains",
    "GET /organization_roles", "GET /organization_roles/{organization_role_id}", "GET /organization_permissions",
    "GET /organization_permissions/{permission_id}", "GET /role_sets", "GET /role_sets/{role_set_key_or_id}",
    "GET /oauth_applications", "GET /oauth_applications/{oauth_application_id}", "GET /redirect_urls",
    "GET /redirect_urls/{id}", "GET /domains", "GET /jwt_templates", "GET /jwt_templates/{template_id}",
    "GET /allowlist_identifiers", "GET /blocklist_identifiers", "GET /invitations", "GET /enterprise_connections",
    "GET /enterprise_connections/{enterprise_connection_id}", "GET /saml_connections",
    "GET /saml_connections/{saml_connection_id}", "GET /instance", "GET /instance/organization_settings",
    "GET /instance/oauth_application_settings", "GET /instance/communication", "GET /instance/protect",
]

FOR_PEOPLE = {"description", "example", "deprecated", "discriminator", "format", "default"}


def schema(part, is_map=False):
    """The part as JSON Schema; the keys of a map are names and not words of the language."""
    if isinstance(part, list):
        return [schema(entry) for entry in part]
    if not isinstance(part, dict):
        return part.replace("#/components/schemas/", "#/$defs/") if isinstance(part, str) else part
    kept = {
        key: schema(value, is_map=(key == "properties" and not is_map))
        for key, value in part.items()
        if is_map or not (key in FOR_PEOPLE or key == "nullable" or key.startswith("x-"))
    }
    if not is_map and part.get("nullable"):
        return {"anyOf": [kept, {"type": "null"}]}
    return kept


def main():
    document = yaml.safe_load(open(sys.argv[1]))
    components = document["components"]

    def resolved(part, kind):
        return components[kind][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part

    paths = {}
    for call in CALLS:
        method, path = call.split(" ")
        operation = document["paths"][path][method.lower()]
        parameters = [resolved(parameter, "parameters") for parameter in operation.get("parameters", [])]
        answers = {
            status: schema(answer["content"]["application/json"]["schema"])
            for status, answer in ((status, resolved(a, "responses")) for status, a in operation["responses"].items())
            if "content" in answer
        }
        paths[call] = {
            "parameters": {p["name"]: schema(p["schema"]) for p in parameters if p["in"] == "query"},
            "answers": answers,
        }
        body = operation.get("requestBody")
        if body:
            paths[call]["body"] = schema(body["content"]["application/json"]["schema"])

    used, open_names = {}, ["ClerkErrors", "User"]

    def references(part):
        if isinstance(part, dict):
            for key, value in part.items():
                if key == "$ref":
                    open_names.append(value.rsplit("/", 1)[1])
                else:
                    references(value)
        elif isinstance(part, list):
            for value in part:
                references(value)

    references(paths)
    while open_names:
        name = open_names.pop()
        if name not in used:
            used[name] = schema(components["schemas"][name])
            references(used[name])
    cut = {
        "$comment": f"Cut by cut.py from the OpenAPI document of {document['info']['version']}, "
        f"{document['info']['license']['name']} licence",
        "$defs": dict(sorted(used.items())),
        "paths": paths,
    }
    json.dump(cut, sys.stdout, indent=1, sort_keys=False, ensure_ascii=False)
    print()


main()
