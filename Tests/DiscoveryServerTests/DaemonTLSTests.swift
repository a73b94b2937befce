import Foundation
import Testing

/// A daemon under TLS, asked by curl, with certificates that openssl made.
struct DaemonTLSTests {
    private static let hasPrograms = ["curl", "openssl"].allSatisfy { program in
        ["/usr/bin/", "/bin/", "/usr/local/bin/"].contains { FileManager.default.isExecutableFile(atPath: $0 + program) }
    }

    @Test(.enabled(if: hasPrograms, "curl and openssl are not here"))
    func `TLS is spoken with the certificate that is there, also when that was replaced`() async throws {
        try await withFolder { folder in
            func makeCertificate(_ name: String) throws {
                let status = try run(
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(folder)/\(name).key", "-out",
                    "\(folder)/\(name).pem", "-batch")
                try #require(status == 0)
            }
            func use(_ name: String) throws {
                for kind in ["key", "pem"] {
                    let new = "\(folder)/new"
                    try FileManager.default.copyItem(atPath: "\(folder)/\(name).\(kind)", toPath: new)
                    try #require(rename(new, "\(folder)/used.\(kind)") == 0)
                }
            }
            try makeCertificate("one")
            try makeCertificate("two")
            try use("one")
            let daemon = try await Daemon(
                home: folder + "/home", ["--tls-certificate", folder + "/used.pem", "--tls-key", folder + "/used.key"])
            #expect(daemon.url.hasPrefix("https://"))
            func asks(trusting name: String) throws -> Bool {
                try run(
                    "curl", "-sf", "-o", "/dev/null", "--max-time", "20", "--cacert", "\(folder)/\(name).pem",
                    daemon.url + "/_discovery/health") == 0
            }
            #expect(try asks(trusting: "one"))
            #expect(try !asks(trusting: "two"))
            try use("two")
            // Files are looked at once a second at most.
            try await eventually("the new certificate is used") { try asks(trusting: "two") }
            #expect(try !asks(trusting: "one"))
            try "no certificate".write(toFile: folder + "/used.pem", atomically: true, encoding: .utf8)
            try await eventually("the broken one is reported") {
                _ = try asks(trusting: "two")
                return daemon.complaints.contains("the one from before stays")
            }
            #expect(try asks(trusting: "two"))
            // Whoever speaks no TLS is told so.
            let plain = try await daemon(WireRequest("GET", "/_discovery/health"))
            #expect(plain.status == 400 && plain.text.contains("https"))
            daemon.signal(SIGTERM)
            #expect(await daemon.end() == 0)
        }
    }
}
