import ArgumentParser
import CloudFormation
import Deployment
import DiscoveryKit
import Foundation

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Says what deploying a template would change, and changes nothing.",
        discussion: """
            What is known only when it is made stands in braces. A change that has a resource made anew is marked.

            Example: discovery plan scheduler Templates/scheduler.yaml --parameter Stage=prod
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var options: TemplateOptions

    func run() async throws {
        let request = try options.request
        let (plan, skipped) = try await explained {
            try await common.withDiscovery { try await Deployment($0).plan(request) }
        }
        try PlanReport(plan, skipped).show(asJSON: common.json)
    }
}

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Makes what a template describes, or changes it to what the template says now.",
        discussion: """
            The same file deploys on AWS with AWS's own tools. Doing it twice changes nothing. What fails is undone; a deployment that was
            killed is taken up by the next. An instance that changes is swapped under its callers.

            Example: discovery deploy scheduler Templates/scheduler.yaml --parameter Stage=prod
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var options: TemplateOptions

    func run() async throws {
        let request = try options.request
        let (json, start) = (common.json, ContinuousClock.now)
        let outcome = try await explained {
            try await common.withDiscovery { try await Deployment($0).deploy(request) { if !json { show($0) } } }
        }
        for failure in outcome.leftovers { Output.complain("not removed, and tried again by the next deployment: \(failure)") }
        if json {
            try Output.print(json: StackReport(outcome.record, leftovers: outcome.leftovers))
            if !outcome.leftovers.isEmpty { throw ExitCode(1) }
            return
        }
        for skipped in outcome.skipped { Output.print("  left out  \(skipped.path): \(skipped.reason)") }
        let seconds = String(format: "%.1f", start.duration(to: .now) / .seconds(1))
        Output.print(outcome.plan.isEmpty ? "\(request.stack) is as the template says" : "\(request.stack) is deployed, in \(seconds) s")
        for output in outcome.record.outputs { Output.print("  \(output.name) = \(output.value)") }
        if !outcome.leftovers.isEmpty { throw ExitCode(1) }
    }
}

struct DestroyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy", abstract: "Removes a stack and what it has made.",
        discussion: """
            Messages that wait in its queues are gone with them. What the template says is to be retained stays.

            Example: discovery destroy scheduler
            """)

    @OptionGroup var common: CommonOptions
    @Argument(help: "The stack's name.") var stack: String

    func run() async throws {
        let json = common.json
        let retained = try await common.withDiscovery { try await Deployment($0).destroy(stack) { if !json { show($0) } } }
        if json { return try Output.print(json: ["retained": retained]) }
        Output.print("\(stack) is gone" + (retained.isEmpty ? "" : "; retained: \(retained.joined(separator: ", "))"))
    }
}

struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "Says what of a stack is not as it was deployed. The exit code is 1 when anything is not.",
        discussion: "Example: discovery drift scheduler")

    @OptionGroup var common: CommonOptions
    @Argument(help: "The stack's name.") var stack: String

    func run() async throws {
        let (drifts, examined) = try await common.withDiscovery { try await Deployment($0).drift(stack) }
        if common.json {
            try Output.print(json: drifts)
        } else if drifts.isEmpty {
            Output.print("\(stack) is as it was deployed: \(examined) resource\(examined == 1 ? "" : "s")")
        }
        if !common.json {
            for drift in drifts {
                Output.print("\(drift.logicalID)  \(drift.type)\(drift.isGone ? "  is gone" : "")")
                for difference in drift.differences {
                    Output.print(
                        Output.printable(
                            "  \(difference.name)  is \(difference.actual ?? "not there"), was deployed as \(difference.expected ?? "nothing")"
                        ))
                }
            }
        }
        if !drifts.isEmpty { throw ExitCode(1) }
    }
}

struct StacksCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stacks", abstract: "Lists what was deployed from templates; of one stack, its resources and outputs.",
        discussion: "Examples: discovery stacks\n          discovery stacks scheduler")

    @OptionGroup var common: CommonOptions
    @Argument(help: "A stack's name.") var stack: String?

    func run() async throws {
        let stacks = try await common.withDiscovery { try await Deployment($0).stacks() }
        if let stack {
            guard let record = stacks.first(where: { $0.name == stack }) else {
                throw DiscoveryError(.notFound, "There is no stack \(stack). `discovery stacks` lists those there are.")
            }
            if common.json { return try Output.print(json: StackReport(record)) }
            Output.print("\(record.name)  \(record.status.rawValue)")
            Output.print(
                Output.table(
                    ["RESOURCE", "TYPE", "STATE", "ID"],
                    record.resources.map { [$0.logicalID, $0.type, $0.state.rawValue, $0.physicalID] }))
            for output in record.outputs {
                Output.print("\(output.name) = \(output.value)" + (output.exportName.map { "  exported as \($0)" } ?? ""))
            }
            return
        }
        if common.json { return try Output.print(json: stacks.map { StackReport($0) }) }
        if stacks.isEmpty { return Output.print("Nothing was deployed yet. Example: discovery deploy app Templates/whole-app.yaml") }
        Output.print(
            Output.table(["STACK", "STATUS", "RESOURCES"], stacks.map { [$0.name, $0.status.rawValue, String($0.resources.count)] }))
    }
}

/// A line for each step.
private func show(_ progress: Deployment.Progress) {
    guard !progress.isDone else { return }
    let verb = progress.isUndoing ? "undo" : progress.action.rawValue
    Output.print("  \(verb.padding(toLength: 8, withPad: " ", startingAt: 0))  \(progress.logicalID)  \(progress.type)")
}
