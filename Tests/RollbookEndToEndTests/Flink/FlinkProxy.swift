#if CommandLine && Flink
import Foundation
import Testing

/// Something between Rollbook and a cluster: a network that breaks, a gateway with TLS and a token.
struct FlinkProxy: Sendable {
  let port: Int
  private let stage: Stage
  private let folder: String

  /// The certificate that its address is trusted by, where it speaks TLS.
  var certificate: String { folder + "/certificate.pem" }

  /// - Parameters:
  ///   - token: what each connection must be authorized with; nil for anybody.
  ///   - tls: speaks TLS as `localhost`, with a certificate of its own making.
  init(
    to cluster: FlinkCluster, on stage: Stage, token: String? = nil, tls: Bool = false
  ) async throws {
    self.stage = stage
    folder = stage.path("proxy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    if tls {
      let made = try await stage.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
          + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
          + ["-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem"])
      made.exits(0)
    }
    let url = try #require(URL(string: cluster.url))
    let upstream = "\(url.host ?? ""):\(url.port ?? 0)"
    _ = try await stage.run([
      "sh", "-c", "setsid python3 -c \"$@\" > /dev/null 2>&1 &", "sh", Self.program, folder,
      upstream, token ?? "",
    ])
    let file = folder + "/port"
    port = try await wait(for: "the proxy's port") { stage.text(file).flatMap(Int.init) }
  }

  /// Breaks all connections, and takes none for so many seconds; returns when they are over.
  func beAway(seconds: Double) async throws {
    let file = folder + "/away"
    try String(seconds).write(toFile: file, atomically: true, encoding: .utf8)
    try await wait(until: "the network is back") { !FileManager.default.fileExists(atPath: file) }
  }

  private static let program = """
    import os, socket, ssl, sys, threading, time

    folder, upstream, token = sys.argv[1:]
    host, port = upstream.rsplit(":", 1)
    context = None
    if os.path.exists(folder + "/key.pem"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
    live, lock, is_away = set(), threading.Lock(), False

    def close(connection):
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def pipe(source, target, first=b""):
        try:
            if first:
                target.sendall(first)
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        close(source)
        close(target)

    def serve(client):
        try:
            if context:
                client = context.wrap_socket(client, server_side=True)
            head = b""
            while b"\\r\\n\\r\\n" not in head:
                more = client.recv(65536)
                if not more:
                    return client.close()
                head += more
            if token and ("authorization: " + token).encode() not in head.lower().replace(
                    token.lower().encode(), token.encode()):
                client.sendall(b"HTTP/1.1 401 Unauthorized\\r\\nContent-Length: 9\\r\\n"
                               b"Connection: close\\r\\n\\r\\nnot known")
                return close(client)
            server = socket.create_connection((host, int(port)))
        except OSError:
            return client.close()
        with lock:
            if is_away:
                client.close()
                return server.close()
            live.update((client, server))
        threading.Thread(target=pipe, args=(client, server, head), daemon=True).start()
        pipe(server, client)
        with lock:
            live.difference_update((client, server))

    def accept(listener):
        while True:
            client, _ = listener.accept()
            if is_away:
                client.close()
            else:
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    with open(folder + "/port.new", "w") as file:
        file.write(str(listener.getsockname()[1]))
    os.rename(folder + "/port.new", folder + "/port")
    while True:
        time.sleep(0.01)
        try:
            seconds = float(open(folder + "/away").read())
        except OSError:
            continue
        with lock:
            is_away = True
            for connection in live:
                close(connection)
        time.sleep(seconds)
        is_away = False
        os.remove(folder + "/away")
    """
}
#endif
