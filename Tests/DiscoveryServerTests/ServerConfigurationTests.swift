import Configuration
import Registry
import Testing

@testable import DiscoveryServer

struct ServerConfigurationTests {
    @Test(arguments: [
        ("127.0.0.1:4580", "127.0.0.1", 4_580), ("[::1]:0", "::1", 0), ("localhost:80", "localhost", 80),
        ("0.0.0.0:65535", "0.0.0.0", 65_535),
    ])
    func `a place to listen is read`(text: String, host: String, port: Int) throws {
        let place = try ServerConfiguration.place(text)
        #expect(place.host == host)
        #expect(place.port == port)
    }

    @Test
    func `a faithful daemon has AWS's quotas unless it is given others`() throws {
        let plain = try ServerConfiguration(ConfigReader(provider: InMemoryProvider(values: [:])), defaultHome: "/home")
        #expect(plain.faithful.quotas == .init())
        #expect(plain.faithful.quotas?.discoverInstances == .init(perSecond: 1_000, burst: 2_000))
        let values: [AbsoluteConfigKey: ConfigValue] = [
            ["quota", "namespaces"]: "100", ["quota", "discover", "instances"]: "7", ["quota", "discover", "instances", "revision"]: "8",
        ]
        let given = try ServerConfiguration(ConfigReader(provider: InMemoryProvider(values: values)), defaultHome: "/home")
        #expect(
            given.faithful.quotas
                == .init(
                    namespaces: 100, discoverInstances: .init(perSecond: 7, burst: 14),
                    discoverInstancesRevision: .init(perSecond: 8, burst: 8))
        )
        let none = InMemoryProvider(values: [["quota", "namespaces"]: "0"])
        #expect(throws: ServerError.self) { try ServerConfiguration(ConfigReader(provider: none), defaultHome: "/home") }
    }

    @Test(arguments: ["", ":", "127.0.0.1", "127.0.0.1:", ":4580", "127.0.0.1:65536", "127.0.0.1:-1", "::1:4580", "host:port"])
    func `what is no place to listen is refused`(text: String) {
        #expect(throws: ServerError.self) { try ServerConfiguration.place(text) }
    }
}
