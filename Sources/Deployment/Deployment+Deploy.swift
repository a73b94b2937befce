internal import CloudFormation
internal import DiscoveryKit
internal import Registry
internal import Store

extension Deployment {
    /// Deploys a stack, or changes it to what the template says now.
    ///
    /// - Throws: what is wrong with the template or the home, after everything was undone; the message says so where it was not.
    package func deploy(_ request: Request, report: @escaping Report = { _ in }) async throws -> Outcome {
        try Self.check(name: request.stack)
        return try await begun {
            let stack = try await evaluated(request)
            var run = Run(deployment: self, record: try await record(request.stack) ?? StackRecord(name: request.stack), report: report)
            try await run.recover()
            run.record = try await present(run.record)
            let plan = try StackPlan(from: run.record, to: stack)
            let names = stack.outputs.compactMap(\.exportName)
            try await discovery.withRegistry { try await $0.checkExports(names, of: request.stack) }
            let leftovers = try await run.deploy(plan, request, stack)
            return Outcome(record: run.record, plan: plan, skipped: stack.skipped, leftovers: leftovers)
        }
    }

    /// Removes a stack and what it has made, but what its template has retained.
    ///
    /// - Returns: what stayed because the template said so.
    /// - Throws: `.notFound` when there is no such stack; what keeps a resource from being removed: those before it are gone then, and the
    ///   next time it is tried again.
    package func destroy(_ name: String, report: @escaping Report = { _ in }) async throws -> [String] {
        try await begun {
            guard let record = try await record(name) else { throw Self.unknown(name) }
            try await discovery.withRegistry { try await $0.checkExports([], of: name) }
            var run = Run(deployment: self, record: record, report: report)
            try await run.recover()
            return try await run.destroy()
        }
    }

    /// Runs `body` when no other deployment does in this home. Begun, it is brought to an end: a task that is cancelled would leave it in the midst.
    private func begun<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let home = try await discovery.withRegistry { $0.store.home }
        return try await home.election("deployment").hold { try await Task { try await body() }.value }
    }
}

/// One deployment on its way.
private struct Run {
    let deployment: Deployment
    var record: StackRecord
    let report: Deployment.Report

    /// Undoes what a deployment has done that was killed, and removes what one has left behind.
    mutating func recover() async throws {
        if record.before != nil { try await undo() }
        if !record.leftovers.isEmpty { _ = try await removeLeftovers() }
    }

    /// - Returns: what could not be removed, and why.
    mutating func deploy(
        _ plan: StackPlan, _ request: Deployment.Request, _ stack: ResolvedStack
    ) async throws -> [String] {
        if !plan.isEmpty {
            record.before = record.resources
            record.status = .deploying
            try await deployment.put(record)
        }
        do {
            for change in plan.changes { try await apply(change, request, stack) }
            try await finish(stack)
        } catch {
            do { try await undo() } catch let failure {
                throw DiscoveryError(
                    .invalid,
                    "\(Self.words(error)) What was done could not be undone: \(Self.words(failure)) Deploy again when that is mended.")
            }
            throw error
        }
        return try await removeLeftovers()
    }

    mutating func destroy() async throws -> [String] {
        record.status = .destroying
        try await deployment.put(record)
        var retained: [String] = []
        while let held = record.leftovers.last ?? record.resources.last {
            let isLeftover = !record.leftovers.isEmpty
            if !isLeftover, held.isRetained {
                retained.append("\(held.logicalID) (\(held.physicalID))")
            } else {
                try await step(.remove, held) { try await $0.remove(held) }
            }
            if isLeftover { record.leftovers.removeLast() } else { record.resources.removeLast() }
            try await deployment.put(record)
        }
        try await deployment.discovery.withRegistry { [name = record.name] in try await $0.removeStack(name) }
        return retained
    }

    // MARK: Steps

    private mutating func apply(_ change: StackPlan.Change, _ request: Deployment.Request, _ stack: ResolvedStack) async throws {
        let id = change.logicalID
        guard let resource = stack[id] else {
            if let held = record[id], change.action == .remove { record.leftovers.append(held) }
            record[id] = nil
            return
        }
        let values = try resource.properties { [record] id, attribute in record[id]?.value(attribute) }
        let properties = Properties(values)
        let secrets = Set(values.filter { stack.conceal($0.value.json) != $0.value.json }.keys)
        let old = record[id]
        func wanted(_ token: String) -> Wanted {
            Wanted(stack: request.stack, logicalID: id, token: token, properties: properties, adopts: request.adoptsNamespaces)
        }
        let keeper = try deployment.keeper(of: resource.type.name)
        if var held = old, held.type == resource.type.name,
            !StackPlan.replaces(resource.type, Properties(json: held.properties).values, values)
        {
            let deployed = Properties(json: held.properties)
            // Foreseen because of what was not known yet, and not needed after all.
            if held.properties == properties.json { return }
            try await keeper.check(wanted(held.token), from: deployed)
            held.state = .changing
            // Undoing goes from here: what the change adds is to be known, though it may have done only half.
            held.properties = properties.json
            held.secrets.formUnion(secrets)
            // In the order of what was done, which is undone from the end.
            record[id] = nil
            record[id] = held
            try await deployment.put(record)
            let made = try await step(.update, held) { try await $0.change(held, from: deployed, to: wanted(held.token)) }
            record[id] = held.with(made, properties, secrets)
        } else {
            let token = (0..<2).map { _ in String(UInt64.random(in: .min ... .max) | 1 << 63, radix: 16) }.joined()
            // Before it is written down that it is being made: undoing removes what is written down.
            try await keeper.check(wanted(token), from: nil)
            if let old, resource.updateReplacePolicy == .delete { record.leftovers.append(old) }
            var held = StackRecord.Held(
                logicalID: id, type: resource.type.name, token: token, state: .making, properties: properties.json, isRetained: false)
            held.secrets = secrets
            record[id] = nil
            record[id] = held
            try await deployment.put(record)
            let made = try await step(old == nil ? .create : .replace, held) { try await $0.make(wanted(token)) }
            record[id] = held.with(made, properties, secrets)
        }
        try await deployment.put(record)
    }

    /// The outputs, and with them the end of what can be undone.
    private mutating func finish(_ stack: ResolvedStack) async throws {
        let outputs = try stack.outputs.map { output in
            StackRecord.Output(
                name: output.name, value: try output.value { [record] id, attribute in record[id]?.value(attribute) },
                description: output.description, exportName: output.exportName)
        }
        let exports = Dictionary(outputs.compactMap { output in output.exportName.map { ($0, output.value) } }) { $1 }
        // Undoing needs the record as it is, until this is written.
        var finished = record
        // What was made is in the order that it was made; from now on it is that of the template, which removing goes by.
        let order = Dictionary(stack.resources.enumerated().map { ($0.element.logicalID, $0.offset) }) { first, _ in first }
        finished.resources.sort { order[$0.logicalID] ?? .max < order[$1.logicalID] ?? .max }
        for index in finished.resources.indices {
            let policy = stack[finished.resources[index].logicalID]?.deletionPolicy
            finished.resources[index].isRetained = policy == .retain || policy == .retainExceptOnCreate
        }
        finished.outputs = outputs
        // Removed from the end: what hangs on others before those, however it came to be left.
        let places = Dictionary((finished.before ?? []).enumerated().map { ($0.element.token, $0.offset) }) { first, _ in first }
        if finished.before != nil { finished.leftovers.sort { places[$0.token] ?? -1 < places[$1.token] ?? -1 } }
        finished.before = nil
        finished.status = .complete
        try await deployment.discovery.withRegistry { [finished] in
            try await $0.setExports(exports, imports: stack.imports, of: finished.name, record: finished.text)
        }
        record = finished
    }

    private mutating func removeLeftovers() async throws -> [String] {
        var failures: [String] = []
        for held in record.leftovers.reversed() {
            do {
                try await step(.remove, held) { try await $0.remove(held) }
                record.leftovers.removeAll { $0 == held }
                try await deployment.put(record)
            } catch {
                failures.append("\(held.logicalID) (\(held.physicalID)): \(Self.words(error))")
            }
        }
        return failures
    }

    /// Takes the home back to what was there before the deployment: what it has made is removed, what it has changed is changed back. What it
    /// has replaced is still there.
    private mutating func undo() async throws {
        guard let before = record.before else { return }
        do {
            for held in record.resources.reversed() {
                guard let old = before.first(where: { $0.token == held.token }) else {
                    try await step(.remove, held, isUndoing: true) { try await $0.remove(held) }
                    record[held.logicalID] = before.first { $0.logicalID == held.logicalID }
                    try await deployment.put(record)
                    continue
                }
                guard old != held else { continue }
                let wanted = Wanted(
                    stack: record.name, logicalID: old.logicalID, token: old.token, properties: Properties(json: old.properties))
                // What was removed by hand is not there to be changed back.
                if try await deployment.keeper(of: held.type).actual(held) != nil {
                    _ = try await step(.update, old, isUndoing: true) {
                        try await $0.change(held, from: Properties(json: held.properties), to: wanted)
                    }
                }
                record[old.logicalID] = old
                try await deployment.put(record)
            }
        } catch {
            record.status = .rollbackFailed
            try? await deployment.put(record)
            throw error
        }
        record.resources = before
        record.leftovers.removeAll { leftover in before.contains { $0.token == leftover.token } }
        record.before = nil
        record.status = .complete
        if before.isEmpty, record.leftovers.isEmpty {
            try await deployment.discovery.withRegistry { [name = record.name] in try await $0.removeStack(name) }
        } else {
            try await deployment.put(record)
        }
    }

    private func step<Value>(
        _ action: StackPlan.Action, _ held: StackRecord.Held, isUndoing: Bool = false,
        _ body: (any ResourceKeeper) async throws -> Value
    ) async throws -> Value {
        report(.init(action: action, logicalID: held.logicalID, type: held.type, isDone: false, isUndoing: isUndoing))
        let value = try await body(deployment.keeper(of: held.type))
        report(.init(action: action, logicalID: held.logicalID, type: held.type, isDone: true, isUndoing: isUndoing))
        return value
    }

    private static func words(_ error: any Error) -> String { (error as? DiscoveryError)?.message ?? "\(error)" }
}

extension StackRecord.Held {
    fileprivate func with(_ made: Made, _ properties: Properties, _ secrets: Set<String>) -> Self {
        var held = self
        held.physicalID = made.physicalID
        held.attributes = made.attributes
        held.isAdopted = made.isAdopted
        held.properties = properties.json
        held.secrets = secrets
        held.state = .complete
        return held
    }
}
