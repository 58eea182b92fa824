"""The same life in S3-compatible object storage, simulated on the loopback."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.foundations.files import samples
from tests.foundations.files.conftest import SlowAntivirus

from socle.config.options import Storage
from socle.foundations.files import actions, blobs, queries
from socle.foundations.files.models import StoredFile
from socle.foundations.tasks.testing import drain
from socle.kernel.clock import SYSTEM

pytestmark = [
    pytest.mark.django_db,
    # botocore and moto still use what Python 3.12 deprecates.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def bucket(settings: Any, tmp_path: Path, storage: Path) -> Iterator[Any]:
    """An empty bucket, which the settings name."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = Storage(
        kind="s3",
        bucket=f"files-{uuid.uuid4()}",
        endpoint=f"http://{host}:{port}",
        region="eu-west-3",
        access_key="test",
        secret_key="test",
    )
    client = boto3.client(
        "s3",
        endpoint_url=options.endpoint,
        region_name="eu-west-3",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_bucket(
        Bucket=options.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"}
    )
    settings.STORAGES = {**settings.STORAGES, "default": options.django(tmp_path)}
    client.tested = options.bucket
    yield client
    server.stop()


def keys(client: Any) -> list[str]:
    return [
        entry["Key"] for entry in client.list_objects_v2(Bucket=client.tested).get("Contents", [])
    ]


def test_a_file_goes_from_quarantine_to_clean_to_nothing(
    bucket: Any, receive: Callable[..., StoredFile], antivirus: SlowAntivirus
) -> None:
    stored = receive(samples.picture())
    assert {key.split("/")[0] for key in keys(bucket)} == {"quarantine"}
    drain()
    stored.refresh_from_db()
    assert {key.split("/")[0] for key in keys(bucket)} == {"clean"}
    with queries.open_file(stored) as stream:
        assert len(stream.read()) == stored.size
    found = set(blobs.older_than("clean", timedelta(seconds=-60), SYSTEM.now()))
    assert found == {stored.storage_key, stored.thumbnail_key}
    blobs.remove(stored.storage_key, stored.thumbnail_key)
    assert keys(bucket) == []


def test_lost_bytes_are_gone_not_a_crash(bucket: Any, receive: Callable[..., StoredFile]) -> None:
    from socle.kernel.errors import Gone

    stored = receive(samples.picture())
    blobs.remove(stored.storage_key)
    with pytest.raises(Gone):
        queries.open_file(stored)
    assert actions.limits().pixels == 40_000_000
