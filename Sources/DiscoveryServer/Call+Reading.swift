internal import AWSProtocol
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

extension Call {
    /// The region that the caller signed for, whether that was checked or not.
    var region: String? { credential?.scope.region }

    /// The AWS account of the caller: its key's; without keys, whatever key of 12 digits it says it has.
    var account: String {
        if let key = caller.key { return key.account }
        guard let id = credential?.accessKeyID, AccessKeys.isAccount(id) else { return AccessKeys.defaultAccount }
        return id
    }

    private var credential: (accessKeyID: String, scope: SigV4.Scope)? {
        request.headers["authorization"].flatMap { try? SigV4.Claim.credential(ofAuthorization: $0) }
    }
}

extension String {
    /// The path of a request's target. RFC 9112, section 3.2.
    var targetPath: Substring { utf8.firstIndex(of: UInt8(ascii: "?")).map { self[..<$0] } ?? self[...] }
}
