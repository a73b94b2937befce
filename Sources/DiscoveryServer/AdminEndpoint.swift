internal import DiscoveryKit
internal import Foundation
internal import HTTPServing

/// What those who run the daemon ask of it, under `/_discovery/`: `health`, `ready`, `version` and `metrics`; all but the last for everybody.
struct AdminEndpoint: Endpoint {
    /// Why the daemon is not ready; `nil` when it is. Waits for nothing.
    let unreadiness: @Sendable () -> String?
    let metrics: PrometheusMetrics

    var name: String { "admin" }

    static let names: Set<Substring> = ["health", "ready", "version", "metrics"]

    /// What else begins so is not there, whoever asks.
    func isPublic(_ request: HTTPRequest) -> Bool { request.path.targetPath != "/_discovery/metrics" }

    func answerAtOnce(_ call: Call) -> HTTPResponse? {
        guard call.request.method == "GET" || call.request.method == "HEAD" else {
            return JSONReply.error("methodNotAllowed", "Ask with GET.", status: 405, headers: [("Allow", "GET")])
        }
        switch call.path {
        case "/_discovery/health": return JSONReply.object(["status": "ok"])
        case "/_discovery/ready":
            guard let reason = unreadiness() else { return JSONReply.object(["status": "ready"]) }
            return JSONReply.error("notReady", reason, status: 503)
        case "/_discovery/version": return JSONReply.object(["name": "discoveryd", "version": Discovery.version])
        case "/_discovery/metrics":
            do throws(Refusal) { try call.caller.check(.metrics, "", "") } catch { return refusal(error, of: call) }
            return HTTPResponse(headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")], text: metrics.text)
        default: return JSONReply.error("notFound", "There is nothing here. Ask for health, ready, version or metrics.", status: 404)
        }
    }

    func answer(_ call: Call) async -> HTTPResponse {
        answerAtOnce(call) ?? JSONReply.error("notFound", "There is nothing here.", status: 404)
    }

    func refusal(_ refusal: Refusal, of call: Call) -> HTTPResponse { JSONReply.refusal(refusal) }
}

/// Replies of the endpoints that are no AWS service's: JSON objects; errors have `code` and `message`, as a ``DiscoveryError`` has.
enum JSONReply {
    static func object(_ members: [String: String], status: Int = 200) -> HTTPResponse { value(members, status: status) }

    static func value(_ value: some Encodable, status: Int = 200, headers: [(String, String)] = []) -> HTTPResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Our own structs of strings and numbers: encoding cannot fail.
        let body = (try? encoder.encode(value)).map(Array.init) ?? Array("{}".utf8)
        return HTTPResponse(status: status, headers: [("Content-Type", "application/json")] + headers, body: body + [UInt8(ascii: "\n")])
    }

    static func error(_ code: String, _ message: String, status: Int, headers: [(String, String)] = []) -> HTTPResponse {
        value(["code": code, "message": message], status: status, headers: headers)
    }

    static func refusal(_ refusal: Refusal) -> HTTPResponse {
        if refusal.code == .notAllowed { return error("notAllowed", refusal.message, status: 403) }
        return error("unauthenticated", refusal.message, status: 401, headers: [("WWW-Authenticate", "Basic realm=\"discovery\"")])
    }
}
