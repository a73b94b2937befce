import Crypto
import Foundation
import Testing

@testable import AWSProtocol

@Suite struct SignatureCheckTests {
    private static let credentials = SignatureVectorTests.credentials
    private static let date = SignatureVectorTests.date
    private static let body = Array(#"{"ServiceId":"srv-1"}"#.utf8)

    private static func plain() -> SigV4.Request {
        SigV4.Request(
            method: "POST", target: "/",
            headers: [
                ("Host", "localhost:4580"), ("Content-Type", "application/x-amz-json-1.1"),
                ("X-Amz-Target", "Route53AutoNaming_v20170314.GetService"), ("User-Agent", "x"),
            ], payload: .bytes(body))
    }

    private static func signed(
        _ request: SigV4.Request = plain(), token: String? = nil, addingPayloadHash: Bool = false
    ) throws -> SigV4.Request {
        var (request, credentials) = (request, credentials)
        credentials.securityToken = token
        request.headers += try SigV4.sign(
            request, with: credentials, region: "eu-west-1", service: "servicediscovery", at: date, addingPayloadHash: addingPayloadHash)
        return request
    }

    private static func presigned(_ request: SigV4.Request = plain(), expiry: Int = 60) throws -> SigV4.Request {
        var request = request
        request.target = try SigV4.presign(
            request, with: credentials, region: "eu-west-1", service: "sqs", at: date, expiry: expiry)
        return request
    }

    /// Nil where it holds.
    private static func fault(_ request: SigV4.Request, after seconds: Double = 0, keys: SigV4.SigningKeys? = nil) -> SigV4.Fault? {
        do throws(SigV4.Fault) {
            let found = try SigV4.check(request, now: date.addingTimeInterval(seconds), keys: keys) {
                $0.accessKeyID == credentials.accessKeyID ? credentials.secret : nil
            }
            return found.isKnown ? nil : .missing
        } catch { return error }
    }

    private static func kind(_ fault: SigV4.Fault?) -> String {
        switch fault {
        case nil: "right"
        case .missing: "missing"
        case .incomplete: "incomplete"
        case .skewed: "skewed"
        case .expired: "expired"
        case .wrongSignature: "wrongSignature"
        case .wrongPayload: "wrongPayload"
        case .chunkedPayload: "chunkedPayload"
        }
    }

    @Test func `a request with no signature is told from one whose key nobody has`() throws {
        #expect(Self.fault(Self.plain()) == .missing)
        let found = try SigV4.check(Self.signed(), now: .distantFuture) { _ in nil }
        #expect(!found.isKnown && found.claim.accessKeyID == "AKIDEXAMPLE" && found.claim.scope.region == "eu-west-1")
        #expect(found.claim.securityToken == nil)
        #expect(try SigV4.Claim(Self.signed(token: "t")).securityToken == "t")
    }

    @Test(arguments: [
        ("discovery", "/a.b->c", "/a.b-%3Ec", "right"), ("servicediscovery", "/a.b->c", "/a.b-%3Ec", "wrongSignature"),
        ("discovery", "/a.b-%3Ec", "/a.b-%253Ec", "wrongSignature"), ("discovery", "/a.b->c", "/a.b-%3Ed", "wrongSignature"),
    ])
    func `a path that was signed as it stands holds for our own service, unless it could be another's encoding`(
        service: String, signed: String, sent: String, verdict: String
    ) throws {
        var request = SigV4.Request(method: "GET", target: signed, headers: [("Host", "localhost:4580")], payload: .bytes([]))
        request.headers += try SigV4.sign(request, with: Self.credentials, region: "us-east-1", service: service, at: Self.date)
        #expect(Self.fault(request) == nil)
        request.target = sent
        #expect(Self.kind(Self.fault(request)) == verdict)
    }

    @Test(arguments: [
        (0.0, "right"), (900, "right"), (-900, "right"), (901, "skewed"), (-901, "skewed"), (.infinity, "skewed"), (.nan, "skewed"),
    ])
    func `a signature is good for 15 minutes before and after`(seconds: Double, verdict: String) throws {
        #expect(Self.kind(Self.fault(try Self.signed(), after: seconds)) == verdict)
    }

    @Test(arguments: [(0.0, "right"), (60, "right"), (61, "expired"), (-900, "right"), (-901, "skewed")])
    func `a presigned request is good until it expires`(seconds: Double, verdict: String) throws {
        #expect(Self.kind(Self.fault(try Self.presigned(), after: seconds)) == verdict)
    }

    @Test func `whatever is changed is found`() throws {
        var request = try Self.signed()
        #expect(Self.fault(request) == nil)
        request.payload = .bytes(Array("{}".utf8))
        #expect(Self.fault(request) == .wrongSignature)
        request = try Self.signed()
        request.method = "PUT"
        #expect(Self.fault(request) == .wrongSignature)
        request = try Self.signed()
        request.target = "/?a=b"
        #expect(Self.fault(request) == .wrongSignature)
        request = try Self.signed()
        request.headers[2].value = "Route53AutoNaming_v20170314.DeleteService"
        #expect(Self.fault(request) == .wrongSignature)
        request = try Self.signed()
        request.headers[3].value = "another agent"
        request.headers[0].value = "  localhost:4580 "
        #expect(Self.fault(request) == nil)
        request.headers.append(("Accept", "*/*"))
        #expect(Self.fault(request) == nil)
        request.headers.append(("x-amz-Meta", "y"))
        #expect(Self.fault(request)?.description.contains("x-amz-meta is not among the signed") == true)
        request = try Self.presigned()
        request.target += "&a=b"
        #expect(Self.fault(request) == .wrongSignature)
        request = try Self.presigned()
        request.headers.append(("X-Amz-Date", "20150830T123600Z"))
        #expect(Self.kind(Self.fault(request)) == "incomplete")
    }

    @Test func `the host has to be signed, and each header that is said to be`() throws {
        for (from, to) in [
            ("host;", ""), ("content-type;", "content-typo;"), ("SignedHeaders=content-type;", "SignedHeaders="),
            ("x-amz-date;x-amz-target", "x-amz-date"),
        ] {
            var request = try Self.signed()
            let last = request.headers.count - 1
            request.headers[last].value = request.headers[last].value.replacing(from, with: to)
            #expect(Self.fault(request) != nil, "\(from)")
            #expect(Self.kind(Self.fault(request)) == (from.contains("SignedHeaders") ? "wrongSignature" : "incomplete"), "\(from)")
        }
    }

    @Test(arguments: [
        "", "Basic YTpi", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential", "AWS4-HMAC-SHA256 Credential=a/b",
        "AWS4-ECDSA-P256-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=\(String(repeating: "x", count: 64))",
        "AWS4-HMAC-SHA256 Credential=A/20150831/r/s/aws4_request, SignedHeaders=host, Signature=\(String(repeating: "0", count: 64))",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/x/aws4_request, SignedHeaders=host, Signature=\(String(repeating: "0", count: 64))",
        "AWS4-HMAC-SHA256 Credential=/20150830/r/s/aws4_request, SignedHeaders=host, Signature=\(String(repeating: "0", count: 64))",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=\(String(repeating: "0", count: 64)), Signature=1",
        String(repeating: "AWS4-HMAC-SHA256 ", count: 1_000),
    ])
    func `a header that cannot be read is incomplete`(authorization: String) {
        var request = Self.plain()
        request.headers += [("X-Amz-Date", "20150830T123600Z"), ("Authorization", authorization)]
        #expect(Self.kind(Self.fault(request)) == "incomplete")
        #expect(Self.fault(request).map { $0.description.utf8.count < 400 } == true)
    }

    @Test(arguments: [
        ("X-Amz-Expires=60", "X-Amz-Expires=0"), ("X-Amz-Expires=60", "X-Amz-Expires=604801"), ("X-Amz-Expires=60", "X-Amz-Expires=x"),
        ("X-Amz-Expires=60&", ""), ("X-Amz-Date=2015", "X-Amz-Date=2016"), ("AWS4-HMAC-SHA256", "AWS4"), ("X-Amz-Date=", "x-amz-date="),
        ("X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=60"), ("X-Amz-Expires=60", "X-Amz-Expires=%FF"), ("%2F20150830", ""),
        ("host", ""), ("host", "hosting"),
    ])
    func `a query that cannot be read is incomplete`(from: String, to: String) throws {
        var request = try Self.presigned()
        request.target = request.target.replacing(from, with: to)
        #expect(Self.kind(Self.fault(request)) == "incomplete")
    }

    @Test func `two signatures are one too many, and so is more than anyone sends`() throws {
        var request = try Self.presigned(Self.signed())
        #expect(Self.kind(Self.fault(request)) == "incomplete")
        request = try Self.signed()
        request.headers += (0..<300).map { ("h\($0)", "") }
        #expect(Self.kind(Self.fault(request)) == "incomplete")
        request = try Self.signed()
        request.target = "/?" + String(repeating: "a&", count: 2_000)
        #expect(Self.kind(Self.fault(request)) == "incomplete")
        request.target = "/?" + String(repeating: "a", count: 70_000)
        #expect(Self.kind(Self.fault(request)) == "incomplete")
    }

    @Test func `the hash that is said is the body's`() throws {
        var request = try Self.signed(addingPayloadHash: true)
        #expect(Self.fault(request) == nil)
        request.payload = .hash(SigV4.hash(Self.body))
        #expect(Self.fault(request) == nil)
        request.payload = .bytes([])
        #expect(Self.fault(request) == .wrongPayload)
        // Any body goes with one that was not signed.
        var open = Self.plain()
        open.payload = .unsigned
        open = try Self.signed(open)
        open.payload = .bytes(Self.body)
        #expect(Self.fault(open) == nil)
        open = Self.plain()
        open.payload = .unsigned
        open = try Self.presigned(open)
        open.payload = .bytes(Self.body)
        #expect(Self.fault(open) == nil)
    }

    @Test func `a body in signed chunks is refused by name`() throws {
        var request = Self.plain()
        request.headers.append(("Content-Encoding", "gzip, AWS-chunked"))
        #expect(Self.fault(try Self.signed(request)) == .chunkedPayload)
        request = Self.plain()
        request.headers.append(("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
        #expect(Self.fault(try Self.signed(request)) == .chunkedPayload)
    }

    @Test func `the time may be in the Date header`() throws {
        var request = try Self.signed()
        let text = request.headers.removeLast().value
        request.headers.removeLast()
        let parts = SigV4.Request(
            method: request.method, target: request.target, headers: request.headers + [("Date", "Sun, 30 Aug 2015 12:36:00 GMT")],
            payload: request.payload)
        let scope = SigV4.Scope(day: "20150830", region: "eu-west-1", service: "servicediscovery")
        let names = ["content-type", "date", "host", "x-amz-target"]
        let canonical = try SigV4.Parts(parts).canonical(signed: names, payloadHash: SigV4.hash(Self.body), service: scope.service)
        let key = SigV4.signingKey(secret: Self.credentials.secret, scope: scope)
        let signature = SigV4.hexadecimal(
            HMAC<SHA256>.authenticationCode(
                for: Array(SigV4.stringToSign(timestamp: "20150830T123600Z", scope: scope, canonical: canonical).utf8), using: key))
        request = parts
        request.headers.append(
            ("Authorization", "\(text.prefix { $0 != "," }), SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"))
        #expect(Self.fault(request) == nil)
    }

    @Test func `keys are kept once they were right, and forgotten with their secret`() throws {
        let keys = SigV4.SigningKeys()
        var request = try Self.signed()
        #expect(Self.fault(request, keys: keys) == nil && keys.count == 1)
        #expect(Self.fault(request, keys: keys) == nil && keys.count == 1)
        request.payload = .bytes([])
        #expect(Self.fault(request, keys: keys) == .wrongSignature)
        request.headers[request.headers.count - 1].value.replace("eu-west-1", with: "eu-west-2")
        #expect(Self.fault(request, keys: keys) == .wrongSignature && keys.count == 1)
        let claim = try SigV4.Claim(Self.signed())
        #expect(throws: SigV4.Fault.wrongSignature) { try claim.check(Self.signed(), secret: "another", now: Self.date, keys: keys) }
        for region in 0..<(SigV4.SigningKeys.capacity + 1) {
            _ = try SigV4.sign(Self.plain(), with: Self.credentials, region: "r\(region)", service: "sqs", at: Self.date, keys: keys)
        }
        #expect((1...SigV4.SigningKeys.capacity).contains(keys.count))
        #expect(Self.fault(try Self.signed(), keys: keys) == nil)
    }

    @Test func `the scope of a header alone is read without the rest`() throws {
        let header = try #require(Self.signed().headers.last?.value)
        let found = try SigV4.Claim.credential(ofAuthorization: header)
        #expect(found.accessKeyID == "AKIDEXAMPLE" && found.scope.region == "eu-west-1" && found.scope.service == "servicediscovery")
        #expect(throws: SigV4.Fault.self) { try SigV4.Claim.credential(ofAuthorization: "Bearer x") }
    }

    @Test(arguments: ["/a/b?x=1", "http://localhost:4580/a/b?x=1", "/a//./c/../b?x=1"])
    func `a target in proxy form is signed as its path`(target: String) throws {
        var request = Self.plain()
        request.target = "/a/b?x=1"
        request = try Self.signed(request)
        request.target = target
        #expect(Self.fault(request) == nil)
    }

    /// Bytes of the header values and the target are changed, cut and repeated: what comes is a verdict, and hardly ever "right".
    @Test(.timeLimit(.minutes(5)))
    func `any bytes are right or have a fault`() async throws {
        print("SignatureCheckTests: \(Rounds.note)")
        let originals = [try Self.signed(), try Self.presigned(), try Self.signed(token: "tök\"en", addingPayloadHash: true)]
        var wrong = 0
        for await round in Rounds.each() {
            var generator = SplitMix(round: round)
            for _ in 0..<100 {
                var request = originals[Int.random(in: 0..<originals.count, using: &generator)]
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: -1..<request.headers.count, using: &generator)
                    if place < 0 {
                        request.target = Self.mutated(request.target, &generator)
                    } else if Bool.random(using: &generator) {
                        request.headers[place].value = Self.mutated(request.headers[place].value, &generator)
                    } else {
                        request.headers[place].name = Self.mutated(request.headers[place].name, &generator)
                    }
                }
                guard let fault = Self.fault(request) else { continue }
                wrong += 1
                #expect(!fault.description.isEmpty && fault.description.utf8.count < 1_000, "\(Rounds.note)")
                #expect(!fault.description.contains(Self.credentials.secret))
            }
        }
        #expect(wrong > Rounds.count * 30)
    }

    private static func mutated(_ text: String, _ generator: inout SplitMix) -> String {
        var bytes = Array(text.utf8)
        let place = Int.random(in: 0...bytes.count, using: &generator)
        let words = ["%", "&", "=", "/", ",", ";", "X-Amz-Date=", "%FF", "\u{301}", "aws4_request", "..", " ", "\t", "?", "\0", "://"]
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...30, using: &generator)))
        case 2: bytes.insert(contentsOf: Array((words.randomElement(using: &generator) ?? "").utf8), at: place)
        case 3:
            bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: Int.random(in: 0...bytes.count, using: &generator))
        case 4: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator) }
        default: bytes.reverse()
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
