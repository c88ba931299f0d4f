"""A DNS server for `privyseal demo`: answers TXT, A and AAAA questions on loopback from a table in memory.

The demo publishes the record that a domain validation asks for here and has engine/dcv.py really look it up, over UDP
and TCP, so that the way is the same as in production; only the zone is the demo's own. It is not a resolver for
anything else: it forwards nothing, and refuses to listen beyond the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from types import MappingProxyType, TracebackType
from typing import Final, Self, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.rrset

_TTL_SECONDS: Final = 1  # The demo changes its table and asks again at once.
_PLAIN_UDP_BYTES: Final = 512  # RFC 1035 4.2.1: without EDNS
_MAXIMUM_UDP_BYTES: Final = 1232
_MAXIMUM_TCP_BYTES: Final = 65535  # RFC 1035 4.2.2: two bytes of length
_TCP_IDLE_SECONDS: Final = 5.0
_BIND_TRIES: Final = 20
_STRING_BYTES: Final = 255  # RFC 1035 3.3: one character-string

_Key = tuple[dns.name.Name, dns.rdatatype.RdataType]
_Table = Mapping[_Key, tuple[dns.rdata.Rdata, ...]]
_Running = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class DemoResolver:
    """A loopback DNS server in its own thread; use it as a context manager, or call start and stop.

    ``host`` is a loopback address (ValueError otherwise), ``port`` 0 takes a free one, known after start. The table may
    be changed at any time from any thread. Not durable: a stopped server forgets nothing, a new one starts empty.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            message = f"the demo's resolver listens on loopback only, not on {host}"
            raise ValueError(message)
        self.host = host
        self.port = port
        self._table: _Table = MappingProxyType({})
        self._table_lock = threading.Lock()
        self._running: _Running | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen on UDP and TCP; both are open when this returns. Raises OSError if the port is taken."""
        if self._thread is not None:
            message = "the demo's resolver is already running"
            raise RuntimeError(message)
        datagrams, stream = _bind(self.host, self.port)
        self.port = stream.getsockname()[1]
        running: Future[_Running] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(datagrams, stream, running)), name="demo-resolver", daemon=True
        )
        self._thread.start()
        self._running = running.result()

    def stop(self) -> None:
        """Close both sockets and wait for the thread; a second call does nothing."""
        thread, running = self._thread, self._running
        self._thread = self._running = None
        if thread is not None and running is not None:
            loop, stopping = running
            loop.call_soon_threadsafe(stopping.set)
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def set_txt(self, name: str, *values: str) -> None:
        """Let ``name`` have exactly these TXT records; a value over 255 bytes is split into strings (RFC 1035 3.3)."""
        records = tuple(_txt(value) for value in values)
        self._replace({(dns.name.from_text(name), dns.rdatatype.TXT): records})

    def set_addresses(self, name: str, *addresses: str) -> None:
        """Let ``name`` have exactly these addresses, IPv4 as A and IPv6 as AAAA records."""
        types = {4: dns.rdatatype.A, 6: dns.rdatatype.AAAA}
        records: dict[_Key, tuple[dns.rdata.Rdata, ...]] = {(dns.name.from_text(name), kind): () for kind in types.values()}
        for address in addresses:
            kind = types[ipaddress.ip_address(address).version]
            records[dns.name.from_text(name), kind] += (dns.rdata.from_text(dns.rdataclass.IN, kind, address),)
        self._replace(records)

    def remove(self, name: str) -> None:
        """Forget every record of ``name``; a name that is not there is fine."""
        owner = dns.name.from_text(name)
        self._replace({(owner, kind): () for kind in (dns.rdatatype.TXT, dns.rdatatype.A, dns.rdatatype.AAAA)})

    def answer(self, wire: bytes, *, maximum_bytes: int | None = None) -> bytes | None:
        """Return the response to one message, or None for bytes that are no question (RFC 1035 7.3: no loops).

        ``maximum_bytes`` is the caller's ceiling for UDP; a longer answer is cut and marked so (TC). None is TCP.
        """
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        response.set_rcode(self._fill(query, response))
        room = _MAXIMUM_TCP_BYTES if maximum_bytes is None else min(maximum_bytes, max(_PLAIN_UDP_BYTES, query.payload))
        try:
            return response.to_wire(max_size=room)
        except dns.exception.TooBig:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()

    def _fill(self, query: dns.message.Message, response: dns.message.Message) -> dns.rcode.Rcode:
        """Put the records into ``response`` and return its code."""
        if query.opcode() != dns.opcode.QUERY:
            return dns.rcode.NOTIMP
        if len(query.question) != 1:
            return dns.rcode.FORMERR
        asked = query.question[0]
        if asked.rdclass != dns.rdataclass.IN:
            return dns.rcode.REFUSED
        table = self._table
        records = table.get((asked.name, asked.rdtype))
        if records:
            response.answer.append(dns.rrset.from_rdata_list(asked.name, _TTL_SECONDS, records))
            return dns.rcode.NOERROR
        # RFC 8020 2: a name with something beneath it exists, even if it has no record of its own.
        known = any(owner.is_subdomain(asked.name) for owner, _ in table)
        return dns.rcode.NOERROR if known else dns.rcode.NXDOMAIN

    def _replace(self, changes: Mapping[_Key, tuple[dns.rdata.Rdata, ...]]) -> None:
        """Swap in a new table: the answering thread reads either the old one or the new one, never half of one."""
        with self._table_lock:
            merged = {**self._table, **changes}
            self._table = MappingProxyType({key: records for key, records in merged.items() if records})

    async def _serve(self, datagrams: socket.socket, stream: socket.socket, running: Future[_Running]) -> None:
        """Answer on both sockets until told to stop, then end every conversation."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=datagrams)
        conversations: set[asyncio.Task[None]] = set()
        with stream, contextlib.ExitStack() as connections:

            def accept() -> None:
                # In one step: asyncio's own servers can be cancelled between accepting a connection and noting it, and
                # the client would then wait on a socket that nobody closes.
                with contextlib.suppress(OSError):
                    connection = connections.enter_context(stream.accept()[0])
                    connection.setblocking(False)
                    conversations.add(loop.create_task(self._converse(connection)))

            loop.add_reader(stream, accept)
            running.set_result((loop, stopping))
            await stopping.wait()
            loop.remove_reader(stream)
            transport.close()
            for conversation in conversations:
                conversation.cancel()
            await asyncio.gather(*conversations, return_exceptions=True)

    async def _converse(self, connection: socket.socket) -> None:
        """Answer the questions of one TCP connection, each with its two bytes of length (RFC 7766 8)."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, EOFError), connection:
            while True:
                async with asyncio.timeout(_TCP_IDLE_SECONDS):
                    wire = await _receive(connection, int.from_bytes(await _receive(connection, 2)))
                response = self.answer(wire)
                if response is None:
                    return
                async with asyncio.timeout(_TCP_IDLE_SECONDS):
                    await loop.sock_sendall(connection, len(response).to_bytes(2) + response)


class _Datagrams(asyncio.DatagramProtocol):
    """Answers each UDP datagram by itself."""

    def __init__(self, resolver: DemoResolver) -> None:
        self._resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: before Python 3.12 the transport of a datagram end point does not derive from this class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        response = self._resolver.answer(data, maximum_bytes=_MAXIMUM_UDP_BYTES)
        if response is not None and self._transport is not None:
            self._transport.sendto(response, addr)


async def _receive(connection: socket.socket, count: int) -> bytes:
    """Return exactly so many bytes; raises EOFError if the other side ends before."""
    received = b""
    while len(received) < count:
        piece = await asyncio.get_running_loop().sock_recv(connection, count - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received


def _bind(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a listening TCP socket on the same port; a free one is searched if ``port`` is 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    tries = _BIND_TRIES if port == 0 else 1
    while True:
        stream = socket.socket(family, socket.SOCK_STREAM)
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        tries -= 1
        try:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            stream.bind((host, port))
            datagrams.bind((host, stream.getsockname()[1]))
            stream.listen()
            stream.setblocking(False)
        except OSError:
            stream.close()
            datagrams.close()
            if tries == 0:
                raise
        else:
            return datagrams, stream


def _txt(value: str) -> dns.rdata.Rdata:
    data = value.encode()
    strings = [data[start : start + _STRING_BYTES] for start in range(0, len(data), _STRING_BYTES)] or [b""]
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)
