"""Frames from an untrusted side: cut, checked, and never waited for past the deadline."""

import socket
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import ConnectionClosedError, DeadlineError, MalformedMessageError
from autograder.protocol.framing import Channel
from autograder.protocol.messages import Call, Raised, Reply, Returned


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours, Reply, 1 << 16), theirs


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def test_a_message_arrives_whole_however_it_is_cut(ends):
    channel, theirs = ends
    data = frame(msgspec.msgpack.encode(Returned("x" * 1000)))
    for start in range(0, len(data), 100):
        theirs.send(data[start : start + 100])
    assert channel.receive(time.monotonic() + 1) == Returned("x" * 1000)


def test_a_length_over_the_limit_is_refused_before_it_is_read(ends):
    channel, theirs = ends
    theirs.send((1 << 31).to_bytes(4, "big"))
    with pytest.raises(MalformedMessageError, match=r"2048\.0 MB; 0\.1 MB are allowed"):
        channel.receive(time.monotonic() + 1)


def test_a_message_of_another_type_is_refused(ends):
    channel, theirs = ends
    theirs.send(frame(msgspec.msgpack.encode(Call("f", [], {}))))
    with pytest.raises(MalformedMessageError):
        channel.receive(time.monotonic() + 1)


def test_silence_ends_at_the_deadline(ends):
    channel, _ = ends
    began = time.monotonic()
    with pytest.raises(DeadlineError):
        channel.receive(began + 0.2)
    assert time.monotonic() - began < 60


def test_a_message_that_never_ends_does_too(ends):
    channel, theirs = ends
    theirs.send((100).to_bytes(4, "big") + b"abc")
    with pytest.raises(DeadlineError):
        channel.receive(time.monotonic() + 0.2)


def test_a_closed_socket_is_noticed(ends):
    channel, theirs = ends
    theirs.close()
    with pytest.raises(ConnectionClosedError):
        channel.receive(time.monotonic() + 1)


@given(st.binary(max_size=300))
def test_no_bytes_do_anything_but_decode_or_be_refused(body):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(frame(body))
        theirs.shutdown(socket.SHUT_WR)
        try:
            reply = Channel(ours, Reply, 1 << 16).receive(time.monotonic() + 1)
        except MalformedMessageError:
            return
        assert isinstance(reply, Returned | Raised) or type(reply).__name__ == "Ask"


def test_somebody_looks_at_the_clock_however_much_there_is_to_read():
    ours, theirs = socket.socketpair()
    looks = []
    with ours, theirs:
        channel = Channel(ours, Reply, 1 << 16, lambda: looks.append(1))
        theirs.send(frame(msgspec.msgpack.encode(Returned(1))) * 5)
        assert [channel.receive() for _ in range(5)] == [Returned(1)] * 5
    assert len(looks) >= 5
