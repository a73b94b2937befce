internal import CloudFormation
internal import DiscoveryKit

/// What a home has no part of its own for: `AWS::Lambda::Function`, which is whatever process serves `local.lambda->NAME`, and the policies of
/// queues and topics, which nobody asks here. The stack's record alone has them.
struct NotedKeeper: ResourceKeeper {
    let isFunction: Bool

    func make(_ wanted: Wanted) async throws -> Made {
        guard isFunction else {
            let id = "\(wanted.stack)-\(wanted.logicalID)-\(wanted.token.prefix(12))"
            return Made(physicalID: id, attributes: ["Id": id])
        }
        let name = wanted.name("FunctionName", limit: 64)
        return Made(physicalID: name, attributes: ["Arn": LocalFunction.arn(name)])
    }

    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made {
        Made(physicalID: held.physicalID, attributes: held.attributes)
    }

    func remove(_ held: StackRecord.Held) async throws {}
    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String] { [:] }
    func actual(_ held: StackRecord.Held) async throws -> [String: String]? { [:] }
}
