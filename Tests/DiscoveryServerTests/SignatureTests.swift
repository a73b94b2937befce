import DiscoveryKit
import Foundation
import Testing

/// What is signed wrongly, late, or for something else, sent to a daemon that has keys.
struct SignatureTests {
    private struct Case {
        let what: String
        let fault: String
        let request: WireRequest
    }

    private static let question = WireRequest.cloudMap("ListNamespaces", #"{"MaxResults": 1}"#)

    private static func cases() throws -> [Case] {
        let good = KeyHolder(id: "GOOD")
        func changed(_ what: String, _ fault: String, _ change: (inout WireRequest) -> Void) throws -> Case {
            var request = try good.signed(question)
            change(&request)
            return Case(what: what, fault: fault, request: request)
        }
        func late(_ what: String, by seconds: TimeInterval) throws -> Case {
            Case(what: what, fault: "RequestExpired", request: try KeyHolder(id: "GOOD", clock: seconds).signed(question))
        }
        func header(_ request: inout WireRequest, _ name: String, _ change: (String) -> String) {
            for index in request.headers.indices where request.headers[index].name == name {
                request.headers[index].value = change(request.headers[index].value)
            }
        }
        return try [
            changed("another body", "SignatureDoesNotMatch") { $0.body = Array(#"{"MaxResults": 2}"#.utf8) },
            changed("no body", "SignatureDoesNotMatch") { $0.body = [] },
            changed("another path", "SignatureDoesNotMatch") { $0.target = "/x" },
            changed("another query", "SignatureDoesNotMatch") { $0.target = "/?a=b" },
            changed("another operation", "SignatureDoesNotMatch") {
                header(&$0, "X-Amz-Target") { $0.replacing("ListN", with: "DeleteN") }
            },
            changed("another host", "SignatureDoesNotMatch") { header(&$0, "Host") { _ in "example.org" } },
            changed("another time", "SignatureDoesNotMatch") {
                header(&$0, "X-Amz-Date") { $0.dropLast(3) + "00Z" == $0 ? $0.dropLast(3) + "01Z" : $0.dropLast(3) + "00Z" }
            },
            changed("a header of AWS's beside", "IncompleteSignatureException") { $0.headers.append(("X-Amz-Security-Token", "x")) },
            changed("a second operation", "SignatureDoesNotMatch") {
                $0.headers.append(("X-Amz-Target", "Route53AutoNaming_v20170314.DeleteNamespace"))
            },
            changed("a bit of the signature", "SignatureDoesNotMatch") {
                header(&$0, "Authorization") { $0.dropLast() + ($0.hasSuffix("0") ? "1" : "0") }
            },
            changed("a signature cut short", "IncompleteSignatureException") { header(&$0, "Authorization") { String($0.prefix(60)) } },
            changed("another scheme", "IncompleteSignatureException") {
                header(&$0, "Authorization") { $0.replacing("AWS4-HMAC-SHA256", with: "AWS4-HMAC-SHA1") }
            },
            changed("no host among what is signed", "IncompleteSignatureException") {
                header(&$0, "Authorization") { $0.replacing("host;", with: "") }
            },
            Case(
                what: "a body in signed chunks", fault: "InvalidRequestException",
                request: {
                    var request = question
                    request.headers.append(("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
                    return try good.signed(request)
                }()),
            changed("no date", "IncompleteSignatureException") { $0.headers.removeAll { $0.name == "X-Amz-Date" } },
            late("replayed after 15 minutes", by: -16 * 60), late("of the future", by: 16 * 60), late("of last year", by: -365 * 86_400),
            Case(what: "a key of nobody", fault: "UnrecognizedClientException", request: KeyHolder(id: "NOBODY").signed(question)),
            Case(
                what: "a wrong secret", fault: "SignatureDoesNotMatch",
                request: KeyHolder(id: "GOOD", secret: "another secret, as long").signed(question)),
            Case(what: "nothing", fault: "MissingAuthenticationTokenException", request: question),
            Case(
                what: "presigned, and over", fault: "RequestExpired",
                request: KeyHolder(id: "GOOD", clock: -120).presigned(question, expiry: 60)),
            Case(
                what: "presigned for eternity", fault: "IncompleteSignatureException",
                request: {
                    var request = try good.presigned(question, expiry: 60)
                    request.target = request.target.replacing("X-Amz-Expires=60", with: "X-Amz-Expires=999999999999")
                    return request
                }()),
            Case(
                what: "presigned for something else", fault: "SignatureDoesNotMatch",
                request: {
                    var request = try good.presigned(question, expiry: 60)
                    request.target += "&more=1"
                    return request
                }()),
        ]
    }

    @Test func `whatever is wrong with a signature is refused with its fault, and what is right is not`() async throws {
        try await withFolder { folder in
            try KeyHolder.write(try KeyHolder.file([("GOOD", ["*"], "*")]), to: folder + "/keys")
            let daemon = try await Daemon(home: folder + "/home", ["--keys", folder + "/keys"])
            let good = KeyHolder(id: "GOOD")
            for request in [try good.signed(Self.question), try good.presigned(Self.question, expiry: 60), good.named(Self.question)] {
                let reply = try await daemon(request)
                #expect(reply.status == 200, "\(reply.text)")
            }
            for wrong in try Self.cases() {
                let reply = try await daemon(wrong.request)
                #expect(reply.status == 400 && reply.fault == wrong.fault, "\(wrong.what): \(reply.status) \(reply.text)")
                #expect(reply.headers["x-amzn-requestid"] != nil, "\(wrong.what)")
                #expect(reply.headers["content-type"] == "application/x-amz-json-1.1", "\(wrong.what)")
            }
            // As an address is asked, the same is 401, and curl knows what to ask for.
            for request in [
                WireRequest("GET", "/_discovery/resolve/a.b->c"),
                KeyHolder(id: "NOBODY").named(WireRequest("GET", "/_discovery/resolve/a.b->c")),
                KeyHolder(id: "GOOD", secret: "another secret, as long").named(WireRequest("GET", "/_discovery/resolve/a.b->c")),
                try KeyHolder(id: "GOOD", clock: -1_000).signed(WireRequest("GET", "/_discovery/resolve/a.b->c")),
            ] {
                let reply = try await daemon(request)
                #expect(reply.status == 401 && reply.code == "unauthenticated", "\(reply.text)")
                #expect(reply.headers["www-authenticate"] != nil)
            }
            let still = try await daemon(good.signed(Self.question))
            #expect(still.status == 200)
        }
    }
}
