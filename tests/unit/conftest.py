"""Telegram's double, for the tests of its channel."""

from collections.abc import AsyncIterator

import pytest

from tests.doubles.telegram import TelegramDouble


@pytest.fixture
async def double() -> AsyncIterator[TelegramDouble]:
    async with TelegramDouble() as made:
        yield made
