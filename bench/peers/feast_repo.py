"""A Feast repository without files of its own: entities and feature views as both programs need them."""

from datetime import timedelta

from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64, Int64, String
from feast.value_type import ValueType

ENTITY = Entity(name="entity", join_keys=["entity"], value_type=ValueType.STRING)
TYPES = {"float": Float64, "int": Int64, "string": String}


def repo(out, offline, online):
    return FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=out + "/registry.db",
            offline_store={"type": offline},
            online_store=online,
            entity_key_serialization_version=3,
        )
    )


def view(name, path, fields, days):
    return FeatureView(
        name=name,
        entities=[ENTITY],
        ttl=timedelta(days=days),
        schema=[Field(name=field, dtype=TYPES[kind]) for field, kind in fields.items()],
        source=FileSource(path=path, timestamp_field="at"),
    )
