internal import HTTPServing

/// Which endpoint a request is for, told by its path or one header.
struct Router: Sendable {
    let admin: AdminEndpoint
    let address: any Endpoint
    /// AWS services by what `X-Amz-Target` begins with.
    let services: [(target: String, endpoint: any Endpoint)]
    private let unknown = UnknownEndpoint()

    init(admin: AdminEndpoint, address: any Endpoint, services: [(target: String, endpoint: any Endpoint)]) {
        self.admin = admin
        self.address = address
        self.services = services
    }

    func endpoint(for request: HTTPRequest) -> any Endpoint {
        // Before the path: nearly all requests have it.
        if let target = request.headers["x-amz-target"] {
            for service in services where target.utf8.starts(with: service.target.utf8) { return service.endpoint }
            return unknown
        }
        let path = request.path.targetPath
        guard path.utf8.starts(with: "/_discovery/".utf8) else { return unknown }
        let first = path.dropFirst("/_discovery/".utf8.count).prefix { $0 != "/" }
        return AdminEndpoint.names.contains(first) ? admin : address
    }
}

/// What nobody here speaks.
private struct UnknownEndpoint: Endpoint {
    var name: String { "unknown" }

    func answer(_ call: Call) async -> HTTPResponse {
        answerAtOnce(call) ?? JSONReply.error("notFound", "There is nothing here.", status: 404)
    }

    func answerAtOnce(_ call: Call) -> HTTPResponse? {
        if call.request.headers["x-amz-target"] != nil || call.request.method == "POST" {
            return JSONReply.value(
                [
                    "__type": "UnknownOperationException",
                    "message":
                        "This daemon speaks AWS Cloud Map (X-Amz-Target: Route53AutoNaming_v20170314.…), and addresses under /_discovery/.",
                ], status: 400)
        }
        return JSONReply.error(
            "notFound",
            "This is discoveryd. Ask /_discovery/health, POST to /_discovery/request/NAMESPACE.SERVICE->INSTANCE, or point an AWS SDK here with AWS_ENDPOINT_URL.",
            status: 404)
    }

    func refusal(_ refusal: Refusal, of call: Call) -> HTTPResponse { JSONReply.refusal(refusal) }
}
