extension Template {
    /// What a template is evaluated with: parameters, and what its pseudo parameters stand for.
    package struct Inputs: Sendable {
        /// As text; lists divided by commas.
        package var parameters: [String: String]
        package var stackName: String
        package var stackID: String
        package var region: String
        package var accountID: String
        package var partition: String
        package var urlSuffix: String
        package var notificationARNs: [String]
        /// What other stacks export, by name.
        package var imports: [String: String]
        /// Whether resources of types that are not here are left out instead of refused; see ``ResolvedStack/skipped``.
        package var skipsUnsupported: Bool
        /// Whether what is not here is left as a reference: to resources of other types, and to ``Template/importing(_:)``. For reading a
        /// template, not for deploying it.
        package var leavesUnknownOpen = false

        /// - Parameter stackID: by default the ARN that a stack of this name has, with a UUID of zeros.
        package init(
            parameters: [String: String] = [:], stackName: String = "stack", stackID: String? = nil, region: String = "local",
            accountID: String = "000000000000", partition: String = "aws", urlSuffix: String = "amazonaws.com",
            notificationARNs: [String] = [], imports: [String: String] = [:], skipsUnsupported: Bool = false
        ) {
            self.parameters = parameters
            self.stackName = stackName
            self.stackID =
                stackID ?? "arn:\(partition):cloudformation:\(region):\(accountID):stack/\(stackName)/00000000-0000-0000-0000-000000000000"
            self.region = region
            self.accountID = accountID
            self.partition = partition
            self.urlSuffix = urlSuffix
            self.notificationARNs = notificationARNs
            self.imports = imports
            self.skipsUnsupported = skipsUnsupported
        }

        static let pseudoParameters: Set<String> = [
            "AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName",
            "AWS::URLSuffix",
        ]

        /// `nil` for `AWS::NoValue`, and for what is none.
        func pseudoParameter(_ name: String) -> TemplateValue? {
            switch name {
            case "AWS::AccountId": .text(accountID)
            case "AWS::NotificationARNs": .list(notificationARNs.map { .text($0) })
            case "AWS::Partition": .text(partition)
            case "AWS::Region": .text(region)
            case "AWS::StackId": .text(stackID)
            case "AWS::StackName": .text(stackName)
            case "AWS::URLSuffix": .text(urlSuffix)
            default: nil
            }
        }
    }

    /// What an open import is a reference to. No resource has such a name.
    package static func importing(_ name: String) -> String { "Fn::ImportValue \(name)" }
}
