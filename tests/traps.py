"""A port of this machine that nothing may ever reach, by TCP or UDP; and a page that tries every way to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Trap:
    port: int
    reached: list[bytes] = field(default_factory=list)


@contextmanager
def trap() -> Iterator[Trap]:
    """Notes the first bytes of whatever comes."""
    listener = socket.create_server(("127.0.0.1", 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", listener.getsockname()[1]))
    found = Trap(listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(1)
                    found.reached.append(connection.recv(200))
            except TimeoutError:
                found.reached.append(b"")
            except OSError:
                return

    def receive() -> None:
        while True:
            try:
                data = datagrams.recv(200)
            except OSError:
                return
            if data == b"stop":
                return
            found.reached.append(data)

    threads = [threading.Thread(target=run, daemon=True) for run in (accept, receive)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        datagrams.sendto(b"stop", datagrams.getsockname())
        for thread in threads:
            thread.join(5)
        datagrams.close()


def attacks(port: int) -> str:
    """Markup that asks a browser in every way we know to speak to that port; the title tells that it has run."""
    there = f"127.0.0.1:{port}"
    return f"""
<link rel="preconnect" href="http://{there}"><link rel="dns-prefetch" href="//{there}">
<link rel="prefetch" href="http://{there}/prefetch"><link rel="modulepreload" href="http://{there}/module">
<link rel="stylesheet" href="http://{there}/style"><link rel="manifest" href="http://{there}/manifest">
<script type="speculationrules">{{"prefetch": [{{"source": "list", "urls": ["http://{there}/speculation"]}}],
"prerender": [{{"source": "list", "urls": ["http://{there}/prerender"]}}]}}</script>
<img src="http://{there}/image"><iframe src="http://{there}/frame"></iframe>
<iframe src="http://169.254.169.254/latest/meta-data/"></iframe><iframe src="file:///etc/passwd"></iframe>
<video src="http://{there}/video"></video><object data="http://{there}/object"></object>
<embed src="http://{there}/embed"><script src="http://{there}/script"></script>
<a id="ping" href="#here" ping="http://{there}/ping">x</a><a id="save" href="http://{there}/save" download>x</a>
<form id="form" method="post" action="http://{there}/form" target="other"></form><iframe name="other"></iframe>
<script>
const calm = action => {{ try {{ Promise.resolve(action()).catch(() => 0) }} catch (error) {{ }} }};
calm(() => fetch("http://{there}/fetch"));
calm(() => fetch("http://{there}/post", {{method: "POST", body: "x", keepalive: true}}));
calm(() => navigator.sendBeacon("http://{there}/beacon", "x"));
calm(() => new Image().src = "http://{there}/pixel");
calm(() => new WebSocket("ws://{there}/socket"));
calm(() => new EventSource("http://{there}/events"));
calm(() => window.open("http://{there}/window"));
calm(() => {{ const wire = new WebTransport("https://{there}/transport"); return wire.ready }});
calm(() => navigator.serviceWorker.register("/worker.js"));
calm(() => new Worker(URL.createObjectURL(new Blob([
    'try {{ new WebSocket("ws://{there}/worker") }} catch (e) {{ }} fetch("http://{there}/worker").catch(() => 0)'
]))));
calm(() => {{
    const servers = [{{urls: "stun:{there}"}},
        {{urls: "turn:{there}?transport=tcp", username: "a", credential: "b"}}];
    const peer = new RTCPeerConnection({{iceServers: servers}});
    peer.createDataChannel("x");
    return peer.createOffer().then(offer => peer.setLocalDescription(offer));
}});
for (const name of ["ping", "save"]) calm(() => document.getElementById(name).click());
calm(() => document.getElementById("form").submit());
document.title = "ran";
document.body.style.background = "rgb(1, 200, 3)";
</script>"""
