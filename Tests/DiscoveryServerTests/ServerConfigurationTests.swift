import Configuration
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

    @Test(arguments: ["", ":", "127.0.0.1", "127.0.0.1:", ":4580", "127.0.0.1:65536", "127.0.0.1:-1", "::1:4580", "host:port"])
    func `what is no place to listen is refused`(text: String) {
        #expect(throws: ServerError.self) { try ServerConfiguration.place(text) }
    }
}
