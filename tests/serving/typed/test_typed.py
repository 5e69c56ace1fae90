"""The typed methods without a server: what they show of themselves, and what they are made of."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate
from pydantic_core import PydanticUndefined

from features.errors import RegularsError
from serving.api.app import OPERATIONS
from serving.api.openapi import document
from serving.api.scores import PostedHistory
from serving.service import Regulars
from serving.typed.message import ApiMessage
from serving.typed.operations import OVER, answer, typed_operations

METHODS = tuple(OVER)
TYPED = typed_operations(dict.fromkeys(METHODS, answer))


def test_the_service_has_each_method_and_no_other() -> None:
    assert set(Regulars.apis) == set(METHODS)
    assert not any(method.batchable for method in Regulars.apis.values())


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_arguments_are_the_fields_of_its_message(name: str) -> None:
    """With the same defaults: what a caller leaves out means the same by either way."""
    fields = {
        field.encode_name: field.default_factory() if field.default_factory is not msgspec.NODEFAULT
        else PydanticUndefined if field.default is msgspec.NODEFAULT else field.default
        for field in msgspec.structs.fields(OVER[name].takes or OVER[name].asks)
    }  # fmt: skip
    model = Regulars.apis[name].input_spec
    assert {key: field.get_default(call_default_factory=True) for key, field in model.model_fields.items()} == fields


@pytest.mark.parametrize("name", METHODS)
def test_a_methods_schema_is_that_of_its_messages(name: str) -> None:
    """As BentoML's clients read it: the fields of request and answer, and nothing to look up elsewhere."""
    shown, over = Regulars.apis[name].schema(), OVER[name]
    for part, message in (("input", over.takes or over.asks), ("output", over.gives)):
        assert set(shown[part]["properties"]) == set(message.__struct_fields__)
        assert "$ref" not in json.dumps(shown[part])
    required = [field.encode_name for field in msgspec.structs.fields(over.takes or over.asks) if field.required]
    assert shown["input"]["required"] == required


def test_null_instead_of_a_list_is_read_as_null() -> None:
    """BentoML's client takes the first type of several for the only one: a list that may be null would end it."""
    reasons = ApiMessage("serving.api.scores", "ScoresAnswer").schema()["properties"]["scores"]["items"]["properties"]
    kinds = {name: each["type"] for name, each in reasons.items() if "array" in str(each.get("type"))}
    assert kinds["lost_categories"] == ["array", "null"]
    assert not any(each.get("anyOf", [{}])[0].get("type") == "array" for each in reasons.values())


def test_a_message_is_read_from_plain_values_and_stays_what_it_is() -> None:
    read = ApiMessage("serving.api.scores", "PostedHistory").read(
        {"orders": [{"ordered_at": "2026-01-05", "amount": 1}]}
    )
    assert isinstance(read, PostedHistory)
    assert ApiMessage("serving.api.scores", "PostedHistory").read(read) is read


def test_a_typed_method_has_the_roles_and_messages_of_its_operation() -> None:
    for typed in TYPED:
        over = OVER[typed.path.removeprefix("/")]
        assert (typed.roles, typed.whole, typed.gives, typed.needs) == (over.roles, over.whole, over.gives, over.needs)
        assert typed.takes is (over.takes or over.asks)


def test_the_document_with_the_typed_methods_is_openapi() -> None:
    """And that of `/v1` says nothing of them."""
    both, kept = (json.loads(document(each)) for each in ((*OPERATIONS, *TYPED), OPERATIONS))
    validate(both)
    assert {f"/{name}" for name in METHODS} == set(both["paths"]) - set(kept["paths"])
    assert "typed methods" not in [tag["name"] for tag in kept["tags"]]


def test_a_method_that_nobody_asks_over_http_says_how_to_ask() -> None:
    """Outside a server there is no key, so there is nobody whose accounts these would be."""
    with pytest.raises(RegularsError, match=r"SyncHTTPClient\(url, token=key\).scores"):
        asyncio.run(answer("scores", {"customer_ids": ["a"]}))


def test_the_process_that_watches_the_workers_loads_no_frames() -> None:
    """BentoML imports the service there too; the messages are imported when somebody asks for them."""
    heavy = "{'pandas', 'sqlalchemy', 'mlflow', 'lightgbm'}"
    code = f"import serving.service, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_each_method_is_a_coroutine() -> None:
    """BentoML would run others in one thread, one after the other."""
    methods: dict[str, Any] = {name: method.func for name, method in Regulars.apis.items()}
    assert all(inspect.iscoroutinefunction(method) for method in methods.values())
