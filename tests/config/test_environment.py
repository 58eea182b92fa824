"""The test environment is as hostile as it says."""

import socket

import pytest
from django.contrib.contenttypes.models import ContentType
from pytest_socket import SocketConnectBlockedError

from socle.foundations.territories.models import Organisation


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_the_network_is_out_of_reach() -> None:
    with socket.socket() as out, pytest.raises(SocketConnectBlockedError):
        out.connect(("192.0.2.1", 80))


@pytest.mark.django_db
def test_unordered_rows_come_in_a_random_order() -> None:
    pks = [kind.pk for kind in ContentType.objects.all()]
    assert pks != sorted(pks)


@pytest.mark.django_db
@pytest.mark.ordered
def test_a_test_may_keep_the_order_of_the_database() -> None:
    again = [[kind.pk for kind in ContentType.objects.all()] for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.django_db
def test_ordered_rows_keep_their_order() -> None:
    Organisation.objects.bulk_create(
        Organisation(slug=name, name=name, kind="commune") for name in "badcefgh"
    )
    assert [row.name for row in Organisation.objects.all()] == sorted("badcefgh")
