import Crypto
import Foundation
import Testing

@testable import AWSProtocol

/// Signatures that AWS published: its Signature Version 4 test suite, and the worked examples of its guides.
@Suite struct SignatureVectorTests {
    struct Vector: CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var target = "/"
        var headers: [(name: String, value: String)] = []
        var body = ""
        let signedHeaders: String
        let signature: String

        var testDescription: String { name }

        var request: SigV4.Request {
            SigV4.Request(
                method: method, target: target, headers: [("Host", "example.amazonaws.com")] + headers, payload: .bytes(Array(body.utf8)))
        }
    }

    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    static let credentials = SigV4.Credentials(accessKeyID: "AKIDEXAMPLE", secret: secret)
    /// 20150830T123600Z
    static let date = Date(timeIntervalSince1970: 1_440_938_160)

    static let vectors = [
        Vector(
            name: "get-vanilla", signedHeaders: "host;x-amz-date",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-vanilla-empty-query-key", target: "/?Param1=value1", signedHeaders: "host;x-amz-date",
            signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        Vector(
            name: "get-vanilla-query-order-key-case", target: "/?Param2=value2&Param1=value1", signedHeaders: "host;x-amz-date",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector(
            name: "get-unreserved", target: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            signedHeaders: "host;x-amz-date", signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        Vector(
            name: "get-utf8", target: "/ሴ", signedHeaders: "host;x-amz-date",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Vector(
            name: "get-space", target: "/example space/", signedHeaders: "host;x-amz-date",
            signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        Vector(
            name: "get-relative-relative", target: "/example1/example2/../..", signedHeaders: "host;x-amz-date",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-slashes", target: "//./", signedHeaders: "host;x-amz-date",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-header-key-duplicate", headers: [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
            signedHeaders: "host;my-header1;x-amz-date", signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        Vector(
            name: "get-header-value-order",
            headers: [("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")],
            signedHeaders: "host;my-header1;x-amz-date", signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
        Vector(
            name: "get-header-value-trim", headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            signedHeaders: "host;my-header1;my-header2;x-amz-date",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Vector(
            name: "post-vanilla", method: "POST", signedHeaders: "host;x-amz-date",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector(
            name: "post-vanilla-query", method: "POST", target: "/?Param1=value1", signedHeaders: "host;x-amz-date",
            signature: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
        Vector(
            name: "post-header-key-sort", method: "POST", headers: [("My-Header1", "value1")], signedHeaders: "host;my-header1;x-amz-date",
            signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        Vector(
            name: "post-header-value-case", method: "POST", headers: [("My-Header1", "VALUE1")],
            signedHeaders: "host;my-header1;x-amz-date", signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
        Vector(
            name: "post-x-www-form-urlencoded", method: "POST", headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: "Param1=value1", signedHeaders: "content-type;host;x-amz-date",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ]

    @Test(arguments: vectors)
    func `a request of the test suite is signed as published, and then holds`(vector: Vector) throws {
        let added = try SigV4.sign(vector.request, with: Self.credentials, region: "us-east-1", service: "service", at: Self.date)
        #expect(
            added.last?.value
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=\(vector.signedHeaders), Signature=\(vector.signature)"
        )
        #expect(added.map(\.name) == ["X-Amz-Date", "Authorization"] && added[0].value == "20150830T123600Z")
        var request = vector.request
        request.headers += added
        let checked = try SigV4.check(request, now: Self.date) { $0.accessKeyID == "AKIDEXAMPLE" ? Self.secret : nil }
        #expect(checked.isKnown && checked.claim.scope == SigV4.Scope(day: "20150830", region: "us-east-1", service: "service"))
    }

    @Test func `a security token goes along, signed`() throws {
        let token =
            "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
        let credentials = SigV4.Credentials(accessKeyID: "AKIDEXAMPLE", secret: Self.secret, securityToken: token)
        let request = SigV4.Request(method: "POST", target: "/", headers: [("Host", "example.amazonaws.com")], payload: .bytes([]))
        let added = try SigV4.sign(request, with: credentials, region: "us-east-1", service: "service", at: Self.date)
        #expect(added.last?.value.hasSuffix("85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead") == true)
        #expect(added.contains { $0.name == "X-Amz-Security-Token" && $0.value == token })
    }

    @Test func `the guide's example for ListUsers comes out at every step`() throws {
        let headers = [
            (name: "Content-Type", value: "application/x-www-form-urlencoded; charset=utf-8"), ("Host", "iam.amazonaws.com"),
            ("X-Amz-Date", "20150830T123600Z"),
        ]
        let request = SigV4.Request(method: "GET", target: "/?Action=ListUsers&Version=2010-05-08", headers: headers, payload: .bytes([]))
        let scope = SigV4.Scope(day: "20150830", region: "us-east-1", service: "iam")
        let canonical = try SigV4.Parts(request).canonical(
            signed: ["content-type", "host", "x-amz-date"], payloadHash: SigV4.hash([]), service: "iam")
        #expect(SigV4.hash(canonical.utf8) == "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59")
        #expect(
            SigV4.stringToSign(timestamp: "20150830T123600Z", scope: scope, canonical: canonical) == """
                AWS4-HMAC-SHA256
                20150830T123600Z
                20150830/us-east-1/iam/aws4_request
                f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59
                """)
        let key = SigV4.signingKey(secret: Self.secret, scope: scope).withUnsafeBytes { SigV4.hexadecimal($0) }
        #expect(key == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9")
        let added = try SigV4.sign(
            SigV4.Request(method: "GET", target: request.target, headers: Array(headers.dropLast()), payload: .bytes([])),
            with: Self.credentials, region: "us-east-1", service: "iam", at: Self.date)
        #expect(added.last?.value.hasSuffix("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7") == true)
    }

    private static let bucket = SigV4.Credentials(accessKeyID: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    /// 20130524T000000Z
    private static let bucketDate = Date(timeIntervalSince1970: 1_369_353_600)

    @Test func `S3's example of a header comes out`() throws {
        let request = SigV4.Request(
            method: "GET", target: "/test.txt", headers: [("Host", "examplebucket.s3.amazonaws.com"), ("Range", "bytes=0-9")],
            payload: .bytes([]))
        let added = try SigV4.sign(
            request, with: Self.bucket, region: "us-east-1", service: "s3", at: Self.bucketDate, addingPayloadHash: true)
        #expect(added.last?.value.hasSuffix("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == true)
    }

    @Test func `S3's example of a presigned URL comes out, and holds`() throws {
        var request = SigV4.Request(
            method: "GET", target: "/test.txt", headers: [("Host", "examplebucket.s3.amazonaws.com")], payload: .bytes([]))
        request.target = try SigV4.presign(
            request, with: Self.bucket, region: "us-east-1", service: "s3", at: Self.bucketDate, expiry: 86_400)
        #expect(
            request.target
                == "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        )
        let claim = try SigV4.Claim(request)
        #expect(claim.isPresigned)
        try claim.check(request, secret: Self.bucket.secret, now: Self.bucketDate.addingTimeInterval(86_400))
    }

    @Test func `a time is written as its day and second, in any year there is`() {
        for (seconds, text) in [
            (0.0, "19700101T000000Z"), (951_782_399.9, "20000228T235959Z"), (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"), (253_402_300_799, "99991231T235959Z"), (.infinity, "99991231T235959Z"),
            (-1, "19700101T000000Z"), (.nan, "19700101T000000Z"),
        ] as [(Double, String)] {
            #expect(SigV4.timestamp(of: Date(timeIntervalSince1970: seconds)) == text)
        }
        var generator = SplitMix()
        for _ in 0..<1_000 {
            let seconds = Int.random(in: 0...253_402_300_799, using: &generator)
            #expect(SigV4.seconds(ofTimestamp: SigV4.timestamp(of: Date(timeIntervalSince1970: Double(seconds)))) == seconds)
        }
        #expect(SigV4.timestamp(ofHeader: "Sun, 30 Aug 2015 12:36:00 GMT") == "20150830T123600Z")
        for text in ["20150230T123600Z", "20150830T243600Z", "20150830 123600Z", "2015083OT123600Z", "20150830T123600", ""] {
            #expect(SigV4.seconds(ofTimestamp: text) == nil, "\(text)")
        }
    }
}
