import Foundation
import Testing

@testable import AWSProtocol

/// botocore signs what we sign: what it made holds here, and what we made is what it makes.
@Suite struct SignaturePeerTests {
    private struct Asked: Encodable {
        let method: String
        let url: String
        let headers: [[String]]
        let body: Data
        let service: String
        let region: String
        let time: Int
        let expiry: Int?
        let key: String
        let secret: String
        let token: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(method, forKey: .method)
            try container.encode(url, forKey: .url)
            try container.encode(headers, forKey: .headers)
            try container.encode(body, forKey: .body)
            try container.encode(service, forKey: .service)
            try container.encode(region, forKey: .region)
            try container.encode(time, forKey: .time)
            try container.encode(expiry, forKey: .expiry)
            try container.encode(key, forKey: .key)
            try container.encode(secret, forKey: .secret)
            try container.encode(token, forKey: .token)
        }

        private enum CodingKeys: CodingKey { case method, url, headers, body, service, region, time, expiry, key, secret, token }

        var credentials: SigV4.Credentials { SigV4.Credentials(accessKeyID: key, secret: secret, securityToken: token) }
        var date: Date { Date(timeIntervalSince1970: Double(time)) }

        func request(target: String) -> SigV4.Request {
            SigV4.Request(
                method: method, target: target,
                headers: [("Host", String(url.dropFirst("http://".count).prefix { $0 != "/" }))] + headers.map { ($0[0], $0[1]) },
                payload: .bytes(Array(body)))
        }

        var target: String { "/" + url.dropFirst("http://".count).drop { $0 != "/" }.dropFirst() }

        init(random generator: inout SplitMix) {
            let isPresigned = Bool.random(using: &generator)
            let services = ["servicediscovery", "sqs", "sns", "lambda", "s3"]
            service = services.randomElement(using: &generator) ?? "sqs"
            region = ["us-east-1", "eu-central-2", "local"].randomElement(using: &generator) ?? "local"
            method = isPresigned ? "GET" : ["GET", "POST", "PUT", "DELETE"].randomElement(using: &generator) ?? "GET"
            time = Int.random(in: 0...4_102_444_800, using: &generator)
            expiry = isPresigned ? Int.random(in: 1...SigV4.longestExpiry, using: &generator) : nil
            key = "AKID" + Self.text(16, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", &generator)
            secret = Self.text(40, of: "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789/+", &generator)
            token = Int.random(in: 0..<4, using: &generator) == 0 ? Self.text(60, of: "abcABC012/+=", &generator) : nil
            body =
                isPresigned
                ? Data() : Data((0..<Int.random(in: 0...80, using: &generator)).map { _ in .random(in: 0...255, using: &generator) })
            var headers: [[String]] = []
            for name in ["Content-Type", "X-Amz-Target", "X-Amz-Meta", "My-Header", "User-Agent", "X-Amzn-Trace-Id", "My-Header"]
            where Bool.random(using: &generator) {
                headers.append([name, Self.text(Int.random(in: 0...20, using: &generator), of: "aZ9  ,;=\t\"/ü", &generator)])
            }
            self.headers = headers
            let signs = Array("aZ09-_.~ /+&=%?#:@!$'()*,;[]üሴ😀\\\"<>".unicodeScalars)
            func name(_ length: Int, _ generator: inout SplitMix) -> String {
                var text = ""
                for _ in 0..<length { text.unicodeScalars.append(signs.randomElement(using: &generator) ?? "a") }
                return SigV4.encoded(text.utf8)
            }
            var path = ""
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let dots = service == "s3" ? "a" : ["", ".", "..", "a"].randomElement(using: &generator) ?? ""
                path += "/" + (Bool.random(using: &generator) ? dots : name(Int.random(in: 1...6, using: &generator), &generator))
            }
            if path.isEmpty || Bool.random(using: &generator) { path += "/" }
            var query: [String] = []
            for index in 0..<Int.random(in: 0...5, using: &generator) {
                // botocore keeps one of several parameters of one name when it presigns.
                let isAgain = !isPresigned && index > 0 && Bool.random(using: &generator)
                let name = isAgain ? String(query[0].prefix { $0 != "=" }) : "\(name(3, &generator))\(index)"
                query.append("\(name)=\(Self.text(Int.random(in: 0...3, using: &generator), of: "ab0", &generator))")
            }
            let host = ["localhost:4580", "sqs.us-east-1.amazonaws.com", "127.0.0.1"].randomElement(using: &generator) ?? "localhost"
            url = "http://\(host)\(path)\(query.isEmpty ? "" : "?\(query.joined(separator: "&"))")"
        }

        private static func text(_ length: Int, of signs: String, _ generator: inout SplitMix) -> String {
            String((0..<length).map { _ in signs.randomElement(using: &generator) ?? "a" })
        }
    }

    @Test(.enabled(if: Peers.folder != nil, Peers.missing))
    func `botocore and we sign the same, in headers and in queries`() async throws {
        print("SignaturePeerTests: \(Rounds.note)")
        var generator = SplitMix()
        let asked = (0..<(Rounds.count * 20)).map { _ in Asked(random: &generator) }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-signatures-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try JSONEncoder().encode(asked).write(to: file)
        let script = Peers.repository.appendingPathComponent("Tests/Peers/sign_requests.py").path
        let outcome = try await Peers.run("python", [script, file.path])
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
        guard outcome.status == 0, lines.count == asked.count else {
            Issue.record("\(outcome.output.suffix(2_000))")
            return
        }
        let keys = SigV4.SigningKeys()
        for (asked, line) in zip(asked, lines) {
            let context: Comment = "\(Rounds.note) \(asked.method) \(asked.url) \(asked.headers) \(asked.service): \(line)"
            var theirs = asked.request(target: asked.target)
            let ours: String?
            if let expiry = asked.expiry {
                let target = try SigV4.presign(
                    theirs, with: asked.credentials, region: asked.region, service: asked.service, at: asked.date, expiry: expiry)
                ours = target.split(separator: "&").last.map(String.init)
                #expect(line.hasSuffix("&\(ours ?? "?")"), context)
                theirs.target = "/" + line.dropFirst("http://".count).drop { $0 != "/" }.dropFirst()
            } else {
                let added = try SigV4.sign(
                    theirs, with: asked.credentials, region: asked.region, service: asked.service, at: asked.date,
                    addingPayloadHash: asked.service == "s3", keys: keys)
                #expect(added.last?.value == line, context)
                theirs.headers += added.dropLast() + [("Authorization", line)]
            }
            #expect(throws: Never.self, context) {
                try SigV4.Claim(theirs).check(theirs, secret: asked.secret, now: asked.date, keys: keys)
            }
            #expect(throws: SigV4.Fault.wrongSignature, context) {
                try SigV4.Claim(theirs).check(theirs, secret: asked.secret + "x", now: asked.date, keys: keys)
            }
        }
        print("➜ botocore: compared \(asked.count) signatures, \(asked.count { $0.expiry != nil }) of them presigned")
    }
}
