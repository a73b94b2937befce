internal import HTTPServing

extension Call {
    /// The path of the request's target, without a query.
    var path: Substring { request.path.targetPath }

    /// What comes behind the `?` of the target, if there is one.
    var query: Substring? {
        let target = request.path[...]
        return target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
    }
}

extension String {
    /// The path of a request's target. RFC 9112, section 3.2.
    var targetPath: Substring { utf8.firstIndex(of: UInt8(ascii: "?")).map { self[..<$0] } ?? self[...] }
}
