package import CloudFormation
package import DiscoveryKit
internal import Registry
internal import Store

extension Deployment {
    /// Deploys a stack, or changes it to what the template says now.
    ///
    /// - Throws: what is wrong with the template or the home, after everything was undone; the message says so where it was not.
    package func deploy(_ request: Request, report: @escaping Report = { _ in }) async throws -> Outcome {
        try Self.check(name: request.stack)
        return try await alone {
            let stack = try await evaluated(request)
            let before = try await record(request.stack)
            let plan = try StackPlan(from: before, to: stack)
            let names = stack.outputs.compactMap(\.exportName)
            try await discovery.withRegistry { try await $0.checkExports(names, of: request.stack) }
            var run = Run(
                deployment: self, request: request, stack: stack, record: before ?? StackRecord(name: request.stack), report: report)
            // Begun, it is brought to an end: a task that is cancelled now would leave it in the midst.
            return try await Task { [run] in
                var run = run
                let leftovers = try await run.deploy(plan, isNew: before == nil)
                return Outcome(record: run.record, plan: plan, skipped: stack.skipped, leftovers: leftovers)
            }.value
        }
    }

    /// Removes a stack and what it has made, but what its template has retained.
    ///
    /// - Returns: what stayed because the template said so.
    /// - Throws: `.notFound` when there is no such stack; what keeps a resource from being removed: the rest is gone then, and the
    ///   next time it is tried again.
    package func destroy(_ name: String, report: @escaping Report = { _ in }) async throws -> [String] {
        try await alone {
            guard var record = try await record(name) else { throw Self.unknown(name) }
            try await discovery.withRegistry { try await $0.checkExports([], of: name) }
            record.status = .destroying
            try await put(record)
            var retained: [String] = []
            while let held = record.leftovers.last ?? record.resources.last {
                let isLeftover = !record.leftovers.isEmpty
                if !isLeftover, held.isRetained {
                    retained.append("\(held.logicalID) (\(held.physicalID))")
                } else {
                    report(.init(action: .remove, logicalID: held.logicalID, type: held.type, isDone: false, isUndoing: false))
                    try await keeper(of: held.type).remove(held)
                    report(.init(action: .remove, logicalID: held.logicalID, type: held.type, isDone: true, isUndoing: false))
                }
                if isLeftover { record.leftovers.removeLast() } else { record.resources.removeLast() }
                try await put(record)
            }
            try await discovery.withRegistry { try await $0.removeStack(name) }
            return retained
        }
    }
}

/// One deployment on its way.
private struct Run: Sendable {
    let deployment: Deployment
    let request: Deployment.Request
    let stack: ResolvedStack
    var record: StackRecord
    let report: Deployment.Report
    /// What was done, to be undone.
    private var done: [Done] = []

    private enum Done {
        case made(String)
        /// As it was before.
        case changed(StackRecord.Held)
        /// In place of this one.
        case replaced(StackRecord.Held)
    }

    init(
        deployment: Deployment, request: Deployment.Request, stack: ResolvedStack, record: StackRecord, report: @escaping Deployment.Report
    ) {
        self.deployment = deployment
        self.request = request
        self.stack = stack
        self.record = record
        self.report = report
    }

    /// - Returns: what could not be removed, and why.
    mutating func deploy(_ plan: StackPlan, isNew: Bool) async throws -> [String] {
        let before = record
        if !plan.isEmpty || record.status != .complete {
            record.status = .deploying
            try await deployment.put(record)
        }
        do {
            for change in plan.changes { try await apply(change) }
            try await finishOutputs()
        } catch {
            try await undo(isNew: isNew, before, error)
            throw error
        }
        // What was made is in the order that it was made; from now on it is that of the template, which removing goes by.
        let order = Dictionary(stack.resources.enumerated().map { ($0.element.logicalID, $0.offset) }) { first, _ in first }
        record.resources.sort { order[$0.logicalID] ?? .max < order[$1.logicalID] ?? .max }
        for index in record.resources.indices {
            let policy = stack[record.resources[index].logicalID]?.deletionPolicy
            record.resources[index].isRetained = policy == .retain || policy == .retainExceptOnCreate
        }
        let leftovers = try await removeLeftovers()
        record.status = .complete
        try await deployment.put(record)
        return leftovers
    }

    // MARK: Steps

    private mutating func apply(_ change: StackPlan.Change) async throws {
        switch change.action {
        case .create, .update, .replace:
            guard let resource = stack[change.logicalID] else { return }
            try await apply(change, resource)
        case .remove, .retain:
            guard let held = record[change.logicalID] else { return }
            record[change.logicalID] = nil
            if change.action == .remove { record.leftovers.append(held) }
        }
    }

    private mutating func apply(_ change: StackPlan.Change, _ resource: ResolvedResource) async throws {
        let record = record
        let values = try resource.properties { id, attribute in record[id]?.value(attribute) }
        let properties = Properties(values)
        let keeper = try deployment.keeper(of: resource.type.name)
        let secrets = Set(values.filter { stack.conceal($0.value.json) != $0.value.json }.keys)
        let old = record[change.logicalID]
        if change.action == .update, let old {
            // Foreseen because of what was not known yet, and not needed after all.
            if old.properties == properties.json, old.state == .complete { return }
            tell(change, isDone: false)
            var held = old
            held.state = .changing
            self.record[change.logicalID] = held
            try await deployment.put(self.record)
            done.append(.changed(old))
            let made = try await keeper.change(held, from: Properties(json: old.properties), to: wanted(resource, held.token, properties))
            held.take(made, properties, secrets)
            self.record[change.logicalID] = held
        } else {
            tell(change, isDone: false)
            // One that a deployment began which was killed keeps its token, and so is found.
            let isInterrupted = change.action == .create && old?.type == resource.type.name
            var held =
                isInterrupted && old?.properties == properties.json
                ? old ?? held(resource, properties) : held(resource, properties)
            held.secrets = secrets
            if let old, change.action == .replace || held.token != old.token {
                done.append(.replaced(old))
                if change.action == .create || resource.updateReplacePolicy == .delete { self.record.leftovers.append(old) }
            } else {
                done.append(.made(change.logicalID))
            }
            self.record[change.logicalID] = held
            try await deployment.put(self.record)
            let made = try await keeper.make(wanted(resource, held.token, properties))
            held.take(made, properties, secrets)
            self.record[change.logicalID] = held
        }
        try await deployment.put(self.record)
        tell(change, isDone: true)
    }

    private func held(_ resource: ResolvedResource, _ properties: Properties) -> StackRecord.Held {
        let token = (0..<2).map { _ in String(UInt64.random(in: .min ... .max) | 1 << 63, radix: 16) }.joined()
        return StackRecord.Held(
            logicalID: resource.logicalID, type: resource.type.name, token: token, state: .making, properties: properties.json,
            isRetained: false)
    }

    private func wanted(_ resource: ResolvedResource, _ token: String, _ properties: Properties) -> Wanted {
        Wanted(
            stack: request.stack, logicalID: resource.logicalID, token: token, properties: properties, adopts: request.adoptsNamespaces)
    }

    private mutating func finishOutputs() async throws {
        let record = record
        var outputs: [StackRecord.Output] = []
        for output in stack.outputs {
            outputs.append(
                .init(
                    name: output.name, value: try output.value { id, attribute in record[id]?.value(attribute) },
                    description: output.description, exportName: output.exportName))
        }
        let exports = Dictionary(outputs.compactMap { output in output.exportName.map { ($0, output.value) } }) { $1 }
        let imports = stack.imports
        try await deployment.discovery.withRegistry { [name = request.stack] in
            try await $0.setExports(exports, imports: imports, of: name)
        }
        self.record.outputs = outputs.map { output in
            .init(
                name: output.name, value: output.value, description: output.description, exportName: output.exportName)
        }
    }

    private mutating func removeLeftovers() async throws -> [String] {
        var failures: [String] = []
        for held in record.leftovers.reversed() {
            let change = StackPlan.Change(action: .remove, logicalID: held.logicalID, type: held.type, properties: [])
            tell(change, isDone: false)
            do {
                try await deployment.keeper(of: held.type).remove(held)
                record.leftovers.removeAll { $0 == held }
                try await deployment.put(record)
                tell(change, isDone: true)
            } catch {
                failures.append("\(held.logicalID) (\(held.physicalID)): \(Self.words(error))")
            }
        }
        return failures
    }

    // MARK: Undoing

    private mutating func undo(isNew: Bool, _ before: StackRecord, _ error: any Error) async throws {
        do {
            record.status = .rollingBack
            try await deployment.put(record)
            for step in done.reversed() {
                switch step {
                case .made(let id):
                    guard let held = record[id] else { continue }
                    try await undoing(.remove, held) { try await $0.remove(held) }
                    record[id] = nil
                case .changed(let old):
                    let properties = Properties(json: old.properties)
                    let now = record[old.logicalID] ?? old
                    try await undoing(.update, old) {
                        _ = try await $0.change(
                            now, from: Properties(json: now.properties),
                            to: Wanted(stack: request.stack, logicalID: old.logicalID, token: old.token, properties: properties))
                    }
                    record[old.logicalID] = old
                case .replaced(let old):
                    if let held = record[old.logicalID] {
                        try await undoing(.remove, held) { try await $0.remove(held) }
                    }
                    record[old.logicalID] = old
                    record.leftovers.removeAll { $0 == old }
                }
                try await deployment.put(record)
            }
            // Nothing of these was done yet.
            for held in before.resources where record[held.logicalID] == nil {
                record[held.logicalID] = held
                record.leftovers.removeAll { $0 == held }
            }
            let order = Dictionary(before.resources.enumerated().map { ($0.element.logicalID, $0.offset) }) { first, _ in first }
            record.resources.sort { order[$0.logicalID] ?? .max < order[$1.logicalID] ?? .max }
            if isNew {
                try await deployment.discovery.withRegistry { [name = record.name] in try await $0.removeStack(name) }
            } else {
                record.status = before.status == .complete ? .complete : .deploying
                try await deployment.put(record)
            }
        } catch let failure {
            record.status = .rollbackFailed
            try? await deployment.put(record)
            throw DiscoveryError(
                .invalid, "\(Self.words(error)) What was done could not be undone: \(Self.words(failure)) Deploy again when that is mended."
            )
        }
    }

    private func undoing(
        _ action: StackPlan.Action, _ held: StackRecord.Held, _ body: (any ResourceKeeper) async throws -> Void
    ) async throws {
        report(.init(action: action, logicalID: held.logicalID, type: held.type, isDone: false, isUndoing: true))
        try await body(deployment.keeper(of: held.type))
        report(.init(action: action, logicalID: held.logicalID, type: held.type, isDone: true, isUndoing: true))
    }

    private func tell(_ change: StackPlan.Change, isDone: Bool) {
        report(.init(action: change.action, logicalID: change.logicalID, type: change.type, isDone: isDone, isUndoing: false))
    }

    private static func words(_ error: any Error) -> String {
        if let error = error as? DiscoveryError { return error.message }
        return "\(error)"
    }
}

extension StackRecord.Held {
    fileprivate mutating func take(_ made: Made, _ properties: Properties, _ secrets: Set<String>) {
        physicalID = made.physicalID
        attributes = made.attributes
        isAdopted = made.isAdopted
        self.properties = properties.json
        self.secrets = secrets
        state = .complete
    }
}
