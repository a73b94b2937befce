import DiscoveryKit
import Foundation
import HTTPServing
import NIOCore
import Registry
import Testing

@testable import DiscoveryServer

/// What a check asks, of servers on this machine.
struct HealthProbeTests {
    private static let host = RawClient.ownHost()
    private static func question(
        _ kind: Registry.HealthCheck.Kind, port: Int, path: String? = nil, host: String = host
    ) -> HealthChecks.Question {
        HealthChecks.Question(
            serviceID: "srv", instanceID: "i", incarnation: 1, check: .init(kind: kind, path: path, threshold: 1), host: host, port: port)
    }

    private let probe = HealthProbe(reach: Reach(loopback: true, linkLocal: false))

    /// A server that answers by the path: `/204` with 204, `/` with 200; on `/never` it does not. `/moved` leads elsewhere.
    private static func withServer(
        tls: HTTPServerTLS? = nil, _ body: (HTTPServer) async throws -> Void
    ) async throws {
        var configuration = HTTPServerConfiguration(host: host, port: 0)
        configuration.tls = tls
        let server = try await HTTPServer.bind(configuration) { request in
            switch request.path {
            case "/never":
                try? await Task.sleep(for: .seconds(3_600))
                return HTTPResponse(status: 200)
            case "/moved": return HTTPResponse(status: 302, headers: [("location", "http://127.0.0.1:1/")])
            case let path: return HTTPResponse(status: Int(path.dropFirst()) ?? 200, body: Array(repeating: 0x78, count: 100_000))
            }
        }
        let running = Task { try await server.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        running.cancel()
        _ = await running.result
        try result.get()
    }

    @Test func `a server is well by HTTP that answers 200 to 399`() async throws {
        try await Self.withServer { server in
            for (path, isWell) in [
                (nil, true), ("", true), ("/", true), ("204", true), ("/399", true), ("/moved", true), ("/400", false), ("/503", false),
            ] {
                #expect(await probe.isWell(Self.question(.http, port: server.port, path: path)) == isWell, "\(path ?? "no path")")
            }
            #expect(await probe.isWell(Self.question(.https, port: server.port)) == false)
        }
    }

    /// Fails by its limit where nobody gives up.
    @Test(.timeLimit(.minutes(5)))
    func `who does not answer is given up when the asker ends`() async throws {
        var probe = probe
        (probe.patience.http, probe.patience.tcp) = (.hours(1), .hours(1))
        let asker = probe
        try await Self.withServer { server in
            let asking = Task { await asker.isWell(Self.question(.http, port: server.port, path: "/never")) }
            try await eventually("it was asked") { server.requests == 1 }
            asking.cancel()
            #expect(await asking.value == false)
        }
        // A listener that accepts nobody, and whose queue is full, is silent to who comes.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        func withAddress(_ body: (UnsafeMutablePointer<sockaddr>) -> Int32) -> Int32 {
            withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
        }
        try #require(withAddress { bind(listener, $0, size) } == 0 && listen(listener, 0) == 0)
        try #require(withAddress { getsockname(listener, $0, &size) } == 0)
        var queued = [listener]
        defer { for descriptor in queued { close(descriptor) } }
        for _ in 0..<4 {
            let caller = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            queued.append(caller)
            _ = fcntl(caller, F_SETFL, O_NONBLOCK)
            _ = withAddress { connect(caller, $0, size) }
        }
        let port = Int(UInt16(bigEndian: address.sin_port))
        let question = Self.question(.tcp, port: port)
        let asking = Task { await asker.isWell(question) }
        // Time to begin to connect: cancelled before, it has nothing to give up.
        try await Task.sleep(for: .milliseconds(20))
        asking.cancel()
        #expect(await asking.value == false)
        probe.patience.tcp = .milliseconds(1)
        #expect(await probe.isWell(question) == false)
    }

    @Test(.timeLimit(.minutes(5)))
    func `who does not answer in time is not well`() async throws {
        var probe = probe
        probe.patience.http = .milliseconds(1)
        let asker = probe
        try await Self.withServer { server in
            #expect(await asker.isWell(Self.question(.http, port: server.port, path: "/never")) == false)
        }
    }

    @Test func `by TCP it is enough to be reached`() async throws {
        let port = try await {
            var port = 0
            try await Self.withServer { server in
                port = server.port
                #expect(await probe.isWell(Self.question(.tcp, port: port)))
            }
            return port
        }()
        for kind in [Registry.HealthCheck.Kind.tcp, .http, .https] { #expect(await !probe.isWell(Self.question(kind, port: port))) }
        #expect(await !probe.isWell(Self.question(.tcp, port: port, host: "::1")))
        #expect(await !probe.isWell(Self.question(.tcp, port: port, host: "no address")))
    }

    @Test func `a certificate that nobody vouches for is as good as any`() async throws {
        try await withFolder { folder in
            let status = try run(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=elsewhere.example", "-keyout", folder + "/key.pem", "-out", folder + "/chain.pem", "-batch")
            try #require(status == 0)
            let tls = HTTPServerTLS(certificateChain: folder + "/chain.pem", privateKey: folder + "/key.pem") { _ in }
            try await Self.withServer(tls: tls) { server in
                #expect(await probe.isWell(Self.question(.https, port: server.port, path: "/up")))
                #expect(await !probe.isWell(Self.question(.https, port: server.port, path: "/500")))
            }
        }
    }

    @Test func `where machines keep their credentials nobody is asked`() {
        #expect(probe.objection(to: Self.question(.http, port: 80, host: "169.254.169.254"))?.contains("link-local") == true)
        #expect(probe.objection(to: Self.question(.http, port: 80, host: "example.com")) != nil)
        #expect(probe.objection(to: Self.question(.http, port: 80)) == nil)
        #expect(HealthProbe(reach: .everywhere).objection(to: Self.question(.http, port: 80, host: "169.254.169.254")) == nil)
    }
}
