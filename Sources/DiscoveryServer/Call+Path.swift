internal import HTTPServing

extension Call {
    /// The path of the request's target: without a query and, in proxy form, without what comes before it.
    var path: Substring { request.path.targetPath }

    /// What comes behind the `?` of the target, if there is one.
    var query: Substring? {
        let target = request.path[...]
        return target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
    }
}

extension String {
    /// The path of a request's target. RFC 9112, section 3.2.
    var targetPath: Substring {
        var target = self[...]
        if target.utf8.first != UInt8(ascii: "/"), let scheme = target.firstRange(of: "://") {
            let rest = target[scheme.upperBound...]
            target = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
        }
        return target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[..<$0] } ?? target
    }
}
