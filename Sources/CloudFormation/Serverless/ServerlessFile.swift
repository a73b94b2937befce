/// A `serverless.yml`, of which the block `custom.cloudmap` and the section `resources` become a template.
///
/// ```yaml
/// custom:
///   cloudmap:
///     services:
///       - cfname: SchedulerService
///         name: scheduler
///         namespace: ais-${opt:stage, 'dev'}
///         description: who runs what, and when
///         instances:
///           - {cfname: GetJob, name: get-job, arn: !GetAtt GetJobLambdaFunction.Arn, config: {retries: 3}}
/// ```
///
/// - `namespace` is a namespace's id (`ns-…`), a function such as `!Ref`, or a name: then the namespace is a resource of the template.
/// - `id` is the instance's id, else its `name` is.
/// - An instance's `type` is that of `config`; else what its `arn` says; else `function`.
/// - Functions of the section `functions` that something refers to are resources, under the names that Serverless gives them.
package struct ServerlessFile: Sendable {
    package let name: String
    private let root: SourceNode

    package init(parsing text: some StringProtocol, name: String) throws(TemplateError) {
        try self.init(parsing: Array(text.utf8), name: name)
    }

    package init(parsing bytes: [UInt8], name: String) throws(TemplateError) {
        self.name = name
        do throws(TemplateError) {
            root = try SourceReader.read(bytes, strictly: name.hasSuffix(".json"))
            guard root.entries != nil else {
                throw TemplateError(.structure, "A Serverless file is an object, not \(root.kind).", at: root.mark)
            }
        } catch {
            throw error.named(name)
        }
    }

    /// What the file's variables stand for: `${opt:…}`, `${env:…}`, `${aws:…}`.
    package struct Variables: Sendable {
        /// Those of the command line, such as `stage`.
        package var options: [String: String]
        package var environment: [String: String]
        package var region: String
        package var accountID: String

        package init(
            options: [String: String] = [:], environment: [String: String] = [:], region: String = "local",
            accountID: String = "000000000000"
        ) {
            self.options = options
            self.environment = environment
            self.region = region
            self.accountID = accountID
        }
    }

    /// The template that the file comes to.
    package func template(_ variables: Variables = Variables()) throws(TemplateError) -> Template {
        do throws(TemplateError) {
            var writer = CloudMapWriter(variables: ServerlessVariables(root: root, given: variables))
            return try Template(try writer.template(of: root), name: name)
        } catch {
            throw error.named(name)
        }
    }
}
