import DiscoveryKit
import Foundation
import Synchronization
import Testing

/// Where a daemon's calls go depends on who asks for them.
struct DaemonReachTests {
    /// An address of this machine that is not loopback: who connects to it comes from there, as somebody on another machine would.
    private static let ownAddress: String? = {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var entry = list
        while let next = entry?.pointee {
            defer { entry = next.ifa_next }
            guard let address = next.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { continue }
            var text = [CChar](repeating: 0, count: 64)
            guard getnameinfo(address, socklen_t(MemoryLayout<sockaddr_in>.size), &text, 64, nil, 0, NI_NUMERICHOST) == 0 else { continue }
            let host = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            if !host.hasPrefix("127."), !host.hasPrefix("169.254.") { return host }
        }
        return nil
    }()

    @Test(.enabled(if: ownAddress != nil, "this machine has no address but loopback"), arguments: [false, true])
    func `somebody on another machine cannot have loopback called, unless that is allowed`(isAllowed: Bool) async throws {
        let own = try #require(Self.ownAddress)
        try await withFolder { folder in
            try KeyHolder.write(try KeyHolder.file([("GOOD", ["*"], "*")]), to: folder + "/keys")
            try #"{"allow": {"loopback": \#(isAllowed)}}"#.write(toFile: folder + "/a.json", atomically: true, encoding: .utf8)
            let daemon = try await Daemon(
                home: folder + "/home", listen: "0.0.0.0:0", ["--keys", folder + "/keys", "--config", folder + "/a.json"])
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: folder + "/home")
            let discovery = try Discovery(configuration)
            let calls = Calls()
            let serving = Task {
                try await discovery.serve("ais.web->here") { _ in
                    calls.count()
                    return Message.text("reached")
                }
            }
            try await eventually("it is served") { (try? await discovery.resolve("ais.web->here")) != nil }
            let request = try KeyHolder(id: "GOOD").signed(WireRequest("POST", "/_discovery/request/ais.web->here", "x"))
            let near = try await daemon(request, to: "127.0.0.1")
            #expect(near.status == 200 && near.text == "reached", "\(near.text)")
            let far = try await daemon(request, to: own)
            #expect((far.status == 200) == isAllowed, "\(far.status) \(far.text)")
            #expect(calls.value == (isAllowed ? 2 : 1))
            if !isAllowed {
                #expect(far.text.contains("loopback"), "\(far.text)")
                let later = try KeyHolder(id: "GOOD").signed(WireRequest("POST", "/_discovery/request/ais.web->here?later=true", "x"))
                #expect(try await daemon(later, to: own).status == 501)
                // A secret in the clear is for this machine only.
                #expect(try await daemon(KeyHolder(id: "GOOD").named(WireRequest("GET", "/_discovery/metrics")), to: own).status == 401)
            }
            // Where clouds keep credentials nobody has called, from wherever.
            try await discovery.register("ais.web->cloud", Resource(.function, at: "http://169.254.169.254/latest/meta-data/"))
            let cloud = try KeyHolder(id: "GOOD").signed(
                WireRequest("POST", "/_discovery/request/ais.web->cloud", "x", headers: [("discovery-timeout", "2000")]))
            for host in ["127.0.0.1", own] { #expect(try await daemon(cloud, to: host).status >= 500) }
            serving.cancel()
            _ = try? await serving.value
            await discovery.shutdown()
        }
    }

    private final class Calls: Sendable {
        private let number = Atomic(0)

        var value: Int { number.load(ordering: .relaxed) }
        func count() { number.add(1, ordering: .relaxed) }
    }
}
