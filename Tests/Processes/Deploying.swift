import CloudFormation
import Deployment
import DiscoveryKit
import Foundation
import Logging

/// Deploys the template at a path, or destroys the stack where there is none, and tells of each step.
struct Deploying {
    let home: String
    let stack: String
    let template: String?
    let parameters: [String: String]

    func run() async {
        do {
            var configuration = Discovery.Configuration()
            configuration.backend = .embedded(home: home)
            configuration.logger = Logger(label: "deployer") { _ in SwiftLogNoOpLogHandler() }
            let discovery = try Discovery(configuration)
            let deployment = Deployment(discovery)
            let report: Deployment.Report = { Line.write("\($0.isDone ? "done" : "begin") \($0.logicalID)") }
            if let template {
                let text = try String(contentsOfFile: template, encoding: .utf8)
                _ = try await deployment.deploy(
                    .init(stack: stack, template: Template(parsing: text, name: "t.yaml"), parameters: parameters), report: report)
            } else {
                _ = try await deployment.destroy(stack, report: report)
            }
            await discovery.shutdown()
            Line.write("ended")
        } catch {
            Line.write("failed \(error)")
        }
    }
}
