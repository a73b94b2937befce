package import AsyncHTTPClient
internal import Foundation
package import NIOCore
internal import NIOPosix
internal import Synchronization

/// Where on the network a client's calls may go. A daemon calls what others have registered, and stands where they may not: beside services
/// that trust whoever is on the machine, and beside the address where a cloud keeps the machine's credentials.
package struct Reach: Sendable, Hashable {
    /// This machine's loopback addresses.
    package var loopback: Bool
    /// Link-local addresses, and the others at which clouds answer a machine's questions about itself.
    package var linkLocal: Bool

    package init(loopback: Bool, linkLocal: Bool) {
        self.loopback = loopback
        self.linkLocal = linkLocal
    }

    package static let everywhere = Reach(loopback: true, linkLocal: true)

    /// Why a connection to an address is not to be used; `nil` when it may be. Judged by where a connection leads: a name may lead elsewhere
    /// each time it is looked up.
    package func objection(to address: SocketAddress?) -> String? {
        guard self != .everywhere else { return nil }
        let place: Place
        switch address {
        case .v4(let address): place = Place(v4: withUnsafeBytes(of: address.address.sin_addr) { Array($0) })
        case .v6(let address): place = Place(v6: withUnsafeBytes(of: address.address.sin6_addr) { Array($0) })
        case .unixDomainSocket, nil: return "it is no address of the internet"
        }
        return switch place {
        case .loopback where !loopback: "it is a loopback address, and the caller is on another machine"
        case .linkLocal where !linkLocal: "it is a link-local address, where machines' credentials are kept"
        default: nil
        }
    }

    /// Whether a host, as a URL has it, is this machine's loopback by what is written: names are not looked up.
    package static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        guard let address = try? SocketAddress(ipAddress: host, port: 0) else { return false }
        return Reach(loopback: false, linkLocal: true).objection(to: address) != nil
    }

    private enum Place {
        case loopback, linkLocal, elsewhere

        /// RFC 1122, section 3.2.1.3; RFC 3927. The others are where two clouds answer.
        init(v4 bytes: [UInt8]) {
            if bytes[0] == 127 || bytes[0] == 0 {
                self = .loopback
            } else if bytes[0] == 169 && bytes[1] == 254 || Self.metadata4.contains(bytes) {
                self = .linkLocal
            } else {
                self = .elsewhere
            }
        }

        /// RFC 4291, sections 2.5.2, 2.5.3, 2.5.5 and 2.5.6. The last are where clouds have their metadata. An address that stands for one of IPv4
        /// leads there, also by way of a router: RFC 6052, section 2.1, and RFC 3056, section 2.
        init(v6 bytes: [UInt8]) {
            let isLow = bytes[..<10].allSatisfy { $0 == 0 }
            let isMapped = isLow && bytes[10] == 0xFF && bytes[11] == 0xFF
            let isCompatible = isLow && bytes[10] == 0 && bytes[11] == 0 && bytes[12...14].contains { $0 != 0 }
            if isMapped || isCompatible || bytes[..<12].elementsEqual(Self.translated) {
                self.init(v4: Array(bytes[12...]))
            } else if bytes[0] == 0x20 && bytes[1] == 0x02 {
                self.init(v4: Array(bytes[2..<6]))
            } else if isLow, bytes[10...14].allSatisfy({ $0 == 0 }), bytes[15] <= 1 {
                self = .loopback
            } else if bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 || Self.metadata6.contains(bytes) {
                self = .linkLocal
            } else {
                self = .elsewhere
            }
        }

        private static let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        private static let metadata4: [[UInt8]] = [[100, 100, 100, 200], [168, 63, 129, 16]]
        private static let metadata6: [[UInt8]] = [
            [0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
            [0xFD, 0x20, 0, 0xCE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54],
            [0xFD, 0, 0, 0xC1, 0, 0, 0, 0, 0, 0, 0, 0, 0xA9, 0xFE, 0xA9, 0xFE],
        ]
    }

    /// A connection that may not be used.
    struct Forbidden: Error {
        let reason: String
    }
}

extension Reach {
    private static let clients = Mutex<[Reach: HTTPClient]>([:])

    /// One for the process and each reach, never shut down: a client of ours may be dropped without ceremony. Connections close when idle.
    var client: HTTPClient {
        Self.clients.withLock { clients in
            if let client = clients[self] { return client }
            let client = make()
            clients[self] = client
            return client
        }
    }

    private func make() -> HTTPClient {
        var configuration = HTTPClient.Configuration.forOneTry
        configuration.timeout.connect = .seconds(10)
        // Beyond, calls wait for a connection, up to the time allowed for making one.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4_096
        // Shorter than servers keep theirs, ours 60 s: or a call now and then would meet the closing end.
        configuration.connectionPool.idleTimeout = .seconds(30)
        if self != .everywhere {
            configuration.http1_1ConnectionDebugInitializer = { channel in
                guard let reason = objection(to: channel.remoteAddress) else { return channel.eventLoop.makeSucceededVoidFuture() }
                channel.close(promise: nil)
                return channel.eventLoop.makeFailedFuture(Forbidden(reason: reason))
            }
        }
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }
}

extension HTTPClient.Configuration {
    /// Of a client that asks once, and hands over what comes back as it is.
    package static var forOneTry: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        // A redirected POST would be repeated elsewhere as a GET, without its body.
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        // A refused connection is told at once, so that the facade can resolve again; the client would wait and try the same place.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The facade's own spans cover the call.
        configuration.tracing.tracer = nil
        return configuration
    }
}
