internal import HTTPServing

struct AddressEndpoint: Endpoint {
    var name: String { "address" }
    func answer(_ call: Call) async -> HTTPResponse { JSONReply.error("unsupported", "", status: 501) }
    func refusal(_ refusal: Refusal, of call: Call) -> HTTPResponse { JSONReply.refusal(refusal) }
}
