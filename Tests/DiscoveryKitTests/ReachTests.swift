import NIOCore
import Testing

@testable import DiscoveryKit

/// Where a daemon's calls may go.
struct ReachTests {
    private static let loopback = [
        "127.0.0.1", "127.0.0.2", "127.255.255.255", "0.0.0.0", "0.1.2.3", "::1", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0", "::127.0.0.1",
        "0:0:0:0:0:0:0:1",
    ]
    private static let linkLocal = [
        "169.254.169.254", "169.254.0.0", "169.254.255.255", "100.100.100.200", "fe80::1", "febf::1", "fe80::a9fe:a9fe", "fd00:ec2::254",
        "::ffff:169.254.169.254", "::ffff:100.100.100.200", "::169.254.169.254", "168.63.129.16", "::ffff:168.63.129.16", "fd20:ce::254",
        "fd00:c1::a9fe:a9fe",
    ]
    private static let elsewhere = [
        "10.0.0.7", "192.0.2.2", "169.253.255.255", "169.255.0.0", "126.255.255.255", "128.0.0.0", "1.0.0.0", "100.100.100.201",
        "168.63.129.15", "fd20:ce::253", "fd00:c1::a9fe:a9fd",
        "2001:db8::1",
        "fd00:ec2::253", "fec0::1", "fe7f::1", "fd00::1", "::ffff:10.0.0.7", "::2:0:0:1", "1::1",
    ]

    private static func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 80) }

    @Test(arguments: loopback)
    func `loopback is for who is on the machine`(text: String) throws {
        let address = try Self.address(text)
        #expect(Reach(loopback: false, linkLocal: false).objection(to: address)?.contains("loopback") == true)
        #expect(Reach(loopback: false, linkLocal: true).objection(to: address)?.contains("loopback") == true)
        #expect(Reach(loopback: true, linkLocal: false).objection(to: address) == nil)
        #expect(Reach.everywhere.objection(to: address) == nil)
    }

    @Test(arguments: linkLocal)
    func `where credentials are kept nobody is let`(text: String) throws {
        let address = try Self.address(text)
        #expect(Reach(loopback: false, linkLocal: false).objection(to: address)?.contains("link-local") == true)
        #expect(Reach(loopback: true, linkLocal: false).objection(to: address)?.contains("link-local") == true)
        #expect(Reach(loopback: false, linkLocal: true).objection(to: address) == nil)
        #expect(Reach.everywhere.objection(to: address) == nil)
    }

    @Test(arguments: elsewhere)
    func `all else is reached by everybody`(text: String) throws {
        #expect(Reach(loopback: false, linkLocal: false).objection(to: try Self.address(text)) == nil)
    }

    @Test func `what is no address is reached only where everything is`() throws {
        let socket = try SocketAddress(unixDomainSocketPath: "/tmp/x")
        for address in [socket, nil] {
            #expect(Reach(loopback: true, linkLocal: false).objection(to: address) != nil)
            #expect(Reach.everywhere.objection(to: address) == nil)
        }
    }

    /// RFC 6052, section 2.1; RFC 3056, section 2: IPv6 addresses that routers turn into IPv4 ones.
    @Test(arguments: ["64:ff9b::a9fe:a9fe", "64:ff9b::6464:64c8", "2002:a9fe:a9fe::1"])
    func `an address that routers translate leads where it is translated to`(text: String) throws {
        #expect(Reach(loopback: true, linkLocal: false).objection(to: try Self.address(text)) != nil)
    }

    @Test(arguments: ["64:ff9b::7f00:1", "2002:7f00:1::1"])
    func `translated loopback is loopback`(text: String) throws {
        #expect(Reach(loopback: false, linkLocal: false).objection(to: try Self.address(text)) != nil)
    }
}
