import CloudFormation
import Deployment

/// A stack, for programs.
struct StackReport: Encodable {
    struct Resource: Encodable {
        let logicalID: String
        let type: String
        let state: String
        let physicalID: String
        let attributes: [String: String]
    }

    let name: String
    let status: String
    let resources: [Resource]
    let outputs: [StackRecord.Output]
    /// What a deployment could not remove, and why.
    let leftovers: [String]

    init(_ record: StackRecord, leftovers: [String] = []) {
        self.leftovers = leftovers
        name = record.name
        status = record.status.rawValue
        resources = record.resources.map {
            Resource(
                logicalID: $0.logicalID, type: $0.type, state: $0.state.rawValue, physicalID: $0.physicalID, attributes: $0.attributes)
        }
        outputs = record.outputs
    }
}

/// What a deployment would do.
struct PlanReport: Encodable {
    struct Property: Encodable {
        let name: String
        let old: String?
        let new: String?
        let replaces: Bool
    }

    struct Change: Encodable {
        let action: String
        let logicalID: String
        let type: String
        let properties: [Property]
    }

    let changes: [Change]
    let leftOut: [String]

    init(_ plan: StackPlan, _ skipped: [ResolvedStack.Skipped]) {
        changes = plan.changes.map { change in
            Change(
                action: change.action.rawValue, logicalID: change.logicalID, type: change.type,
                properties: change.properties.map { Property(name: $0.name, old: $0.old, new: $0.new, replaces: $0.replaces) })
        }
        leftOut = skipped.map { "\($0.path): \($0.reason)" }
    }

    func show(asJSON: Bool) throws {
        if asJSON { return try Output.print(json: self) }
        for change in changes {
            Output.print("\(change.action.padding(to: 8))  \(change.logicalID)  \(change.type)")
            for property in change.properties {
                let text = "\(property.name): \(property.old ?? "not there") -> \(property.new ?? "not there")"
                Output.print(Output.printable("            \(text)\(property.replaces ? "  (made anew for it)" : "")"))
            }
        }
        for line in leftOut { Output.print("left out  \(line)") }
        if changes.isEmpty { return Output.print("Nothing is to be changed.") }
        Output.print("\(changes.count) change\(changes.count == 1 ? "" : "s")")
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
