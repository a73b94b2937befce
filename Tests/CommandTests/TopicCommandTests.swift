import Foundation
import Testing

@testable import discovery

@Suite struct TopicCommandTests {
    private struct Topic: Decodable {
        let topic: String, subscriptions: Int, pending: Int, displayName: String, contentDeduplication: Bool, deduplicationScope: String?
        let tags: [String: String]
    }
    private struct Subscription: Decodable {
        let subscription: String, topic: String, `protocol`: String, endpoint: String?, raw: Bool, filter: String?, filterScope: String?
        let deadLetterQueue: String?, waiting: Int?, pending: Bool
    }
    private struct Verdict: Decodable {
        let endpoint: String?, accepted: Bool, verdict: String, path: [String]?, reason: String?
    }

    private func decoded<Value: Decodable>(_ output: String, _: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(output.utf8))
    }

    private func subscriptions(_ discovery: CommandSession) async throws -> [Subscription] {
        try decoded(try await discovery("topics", "subscriptions", "--json").output)
    }

    /// A home with the topic `news` at `ns.s->news`, and the queues `jobs`, at `ns.s->jobs`, and `dead`.
    private func withTopic(_ body: (CommandSession) async throws -> Void) async throws {
        try await CommandSession.run { discovery in
            #expect(try await discovery("queues", "create", "dead").status == 0)
            #expect(try await discovery("queues", "create", "jobs", "--address", "ns.s->jobs").status == 0)
            let made = try await discovery("topics", "create", "news", "--address", "ns.s->news")
            #expect(made.output == "news is a topic, and ns.s->news leads to it\n", "\(made)")
            try await body(discovery)
        }
    }

    @Test func `a topic is made, registered, listed, set and deleted`() async throws {
        try await CommandSession.run { discovery in
            #expect(try await discovery("topics", "ls").output.contains("There is no topic yet"))
            for _ in 0..<2 {
                let made = try await discovery(
                    "topics", "create", "news", "--display-name", "News", "--tag", "a=b", "--address", "ns.s->news")
                #expect(made.status == 0, "made just so: \(made)")
            }
            let other = try await discovery("topics", "create", "news")
            #expect(other.status == 80 && other.complaint.contains("other attributes"), "\(other)")
            #expect(try await discovery("resolve", "ns.s->news").output.contains("topic  arn:aws:sns:local:000000000000:news"))
            #expect(try await discovery("topics", "create", "orders.fifo", "--content-deduplication").output == "orders.fifo is a topic\n")
            let listed = try await discovery("topics", "ls").output
            #expect(
                listed.contains("TOPIC        SUBSCRIPTIONS  PENDING  CREATED") && listed.contains("news         0              0        2")
            )
            let rows: [Topic] = try decoded(try await discovery("topics", "ls", "ne", "--json").output)
            #expect(rows.map(\.topic) == ["news"] && rows[0].displayName == "News" && rows[0].tags == ["a": "b"])
            #expect(rows[0].deduplicationScope == nil)
            #expect(try await discovery("topics", "ls", "x").output.contains("begins so"))

            for name in ["news", "ns.s->news", "arn:aws:sns:local:000000000000:news"] {
                let set = try await discovery("topics", "set", name, "--display-name", "Olds")
                #expect(set.output == "news is set: display name `Olds`\n", "\(set)")
            }
            let set: Topic = try decoded(
                try await discovery(
                    "topics", "set", "orders.fifo", "--no-content-deduplication", "--deduplication-scope", "group", "--json"
                )
                .output)
            #expect(!set.contentDeduplication && set.deduplicationScope == "group")

            #expect(try await discovery("topics", "delete", "orders.fifo").output == "orders.fifo is deleted; it had no subscriptions\n")
            #expect(try await discovery("topics", "delete", "ns.s->news").status == 0)
            #expect(try await discovery("topics", "delete", "news").status == 66)
            #expect(try await discovery("topics", "ls").output.contains("There is no topic yet"))
        }
    }

    @Test func `queues, URLs and functions subscribe, and are listed with what waits for them`() async throws {
        try await withTopic { discovery in
            #expect(try await discovery("topics", "subscriptions", "news").output.contains("Nobody is subscribed to news yet"))
            _ = try await discovery("register", "ns.s->f", "http://127.0.0.1:9/")
            _ = try await discovery("register", "ns.s->l", "arn:aws:lambda:local:000000000000:function:mow")
            let queue = try await discovery(
                "subscribe", "ns.s->news", "ns.s->jobs", "--raw", "--filter", #"{"kind": ["rain"]}"#, "--dead-letter", "dead")
            #expect(queue.output.hasPrefix("jobs is subscribed to news: "), "\(queue)")
            let url = try await discovery("subscribe", "arn:aws:sns:local:000000000000:news", "http://127.0.0.1:9/hook")
            #expect(url.output.hasPrefix("http://127.0.0.1:9/hook is asked to confirm, and gets nothing of news before: "), "\(url)")
            let function = try await discovery(
                "subscribe", "news", "s->f", "--filter", #"{"a": [1]}"#, "--filter-scope", "MessageBody",
                environment: ["DISCOVERY_NAMESPACE": "ns"])
            #expect(function.output.hasPrefix("ns.s->f is subscribed to news: "), "it keeps its namespace: \(function)")
            let lambda = try await discovery("subscribe", "news", "arn:aws:lambda:local:000000000000:function:mow")
            #expect(lambda.status == 0, "\(lambda)")
            let rows = try await subscriptions(discovery)
            #expect(rows.map(\.protocol) == ["sqs", "http", "lambda", "lambda"] && rows.allSatisfy { $0.topic == "news" })
            #expect(
                rows.map(\.endpoint) == [
                    "jobs", "http://127.0.0.1:9/hook", "ns.s->f", "ns.s->l",
                ])
            #expect(rows.map(\.pending) == [false, true, false, false] && rows.map(\.raw) == [true, false, false, false])
            #expect(rows.map(\.waiting) == [nil, 1, 0, 0], "the question to the URL waits")
            #expect(
                rows[0].filter == #"{"kind": ["rain"]}"# && rows[0].filterScope == "MessageAttributes" && rows[0].deadLetterQueue == "dead")
            #expect(rows[2].filterScope == "MessageBody" && rows[2].filter == #"{"a": [1]}"#)
            let listed = try await discovery("topics", "subscriptions", "ns.s->news").output
            #expect(listed.contains(#"raw        confirmed  -        dead          MessageAttributes {"kind": ["rain"]}"#), "\(listed)")
            #expect(listed.contains("enveloped  pending    1        -             -"), "\(listed)")
            #expect(try await discovery("topics", "ls").output.contains("news   4              1        2"))

            let deleted = try await discovery("topics", "delete", "news")
            #expect(deleted.output == "news is deleted, with 4 subscriptions\n", "\(deleted)")
            #expect(deleted.complaint.contains("1 message that waited to be delivered is dropped"), "\(deleted)")
            #expect(try await subscriptions(discovery).isEmpty)
        }
    }

    @Test func `subscribing twice is as once; with other attributes it is refused, or changes the subscription`() async throws {
        try await withTopic { discovery in
            let first: Subscription = try decoded(try await discovery("subscribe", "news", "jobs", "--json").output)
            let again: Subscription = try decoded(try await discovery("subscribe", "news", "ns.s->jobs", "--json").output)
            #expect(again.subscription == first.subscription)
            let other = try await discovery("subscribe", "news", "jobs", "--raw")
            #expect(
                other.status == 80 && other.complaint.contains(first.subscription) && other.complaint.contains("--replace"), "\(other)")
            let replaced: Subscription = try decoded(
                try await discovery("subscribe", "news", "jobs", "--raw", "--replace", "--filter", #"{"a": ["b"]}"#, "--json").output)
            #expect(replaced.subscription == first.subscription && replaced.raw && replaced.filter == #"{"a": ["b"]}"#)
            #expect(try await subscriptions(discovery).count == 1)
            let asked: Subscription = try decoded(try await discovery("subscribe", "news", "http://localhost:9/", "--json").output)
            let pending: Subscription = try decoded(
                try await discovery("subscribe", "news", "http://localhost:9/", "--dead-letter", "dead", "--replace", "--json").output)
            #expect(pending.subscription == asked.subscription && pending.pending && pending.deadLetterQueue == "dead")
        }
    }

    @Test func `a subscription is ended by its id, and what waited for its endpoint is said to be lost`() async throws {
        try await withTopic { discovery in
            let queue: Subscription = try decoded(try await discovery("subscribe", "news", "jobs", "--json").output)
            let url: Subscription = try decoded(try await discovery("subscribe", "news", "https://localhost:9/", "--json").output)
            let ended = try await discovery("unsubscribe", queue.subscription)
            #expect(ended.output == "jobs is subscribed to news no more\n" && ended.complaint.isEmpty, "\(ended)")
            let dropped = try await discovery("unsubscribe", url.subscription)
            #expect(dropped.status == 0 && dropped.complaint.contains("1 message that waited"), "\(dropped)")
            let gone = try await discovery("unsubscribe", queue.subscription)
            #expect(gone.status == 66 && gone.complaint.contains("no subscription"), "\(gone)")
            let foreign = try await discovery("unsubscribe", "00000000-0000-8000-8000-000000000001")
            #expect(foreign.status == 66, "\(foreign)")
            #expect(try await subscriptions(discovery).isEmpty)
        }
    }

    @Test func `a token that nobody was sent confirms nothing`() async throws {
        try await withTopic { discovery in
            _ = try await discovery("subscribe", "news", "http://localhost:9/")
            let refused = try await discovery("subscribe", "news", "--confirm", String(repeating: "0", count: 64))
            #expect(refused.status == 79 && refused.complaint.contains("Subscribe again"), "\(refused)")
            #expect(try await subscriptions(discovery).map(\.pending) == [true])
        }
    }

    @Test func `the token that an endpoint was sent confirms its subscription, as often as it comes back`() async throws {
        try await withTopic { discovery in
            let asked: Subscription = try decoded(try await discovery("subscribe", "news", "http://localhost:9/", "--json").output)
            #expect(asked.pending)
            let reader = try CommandProcess(
                URL(fileURLWithPath: "/usr/bin/env"), ["sqlite3", discovery.home + "/messages.sqlite", "SELECT token FROM subscriptions"],
                [:])
            let token = await reader.end().output.trimmingCharacters(in: .newlines)
            #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil, "\(token)")
            for _ in 0..<2 {
                let confirmed = try await discovery("subscribe", "ns.s->news", "--confirm", token)
                #expect(confirmed.output == "http://localhost:9/ is subscribed to news: \(asked.subscription)\n", "\(confirmed)")
            }
            #expect(try await subscriptions(discovery).map(\.pending) == [false])
            let again: Subscription = try decoded(try await discovery("subscribe", "news", "http://localhost:9/", "--json").output)
            #expect(!again.pending && again.subscription == asked.subscription, "who has confirmed is not asked again")
        }
    }

    @Test func `an endpoint that leads to nothing, or to what cannot subscribe, is said so`() async throws {
        try await withTopic { discovery in
            _ = try await discovery("register", "ns.s->far", "arn:aws:sqs:eu-west-1:123456789012:jobs")
            _ = try await discovery("register", "ns.s->flow", "arn:aws:states:local:000000000000:stateMachine:a")
            let cases: [(endpoint: String, status: Int32, says: String)] = [
                ("nobody", 66, "no queue `nobody`"), ("ns.s->nobody", 66, "The endpoint ns.s->nobody leads to nothing."),
                ("a.b->c", 66, "The endpoint a.b->c leads to nothing."), ("a.b->", 65, "->"),
                ("arn:aws:lambda:local:000000000000:function:mow", 66, "no function is registered at"),
                ("arn:aws:sqs:local:000000000000:nobody", 66, "no queue `nobody`"),
                ("arn:aws:sqs:eu-west-1:123456789012:jobs", 77, "no queue of this home"), ("ns.s->far", 77, "no queue of this home"),
                ("arn:aws:iam::000000000000:user/a", 68, "subscribers are queues, functions and URLs"),
                ("arn:aws:sns:local:000000000000:news", 68, "is a topic"), ("ns.s->news", 68, "is a topic"),
                ("ns.s->flow", 68, "workflow"), ("https://", 79, "with a host"),
            ]
            for (endpoint, status, says) in cases {
                let outcome = try await discovery("subscribe", "news", endpoint)
                #expect(outcome.status == status && outcome.complaint.contains(says), "\(endpoint): \(outcome)")
            }
            #expect(try await subscriptions(discovery).isEmpty)
            // An ARN stands for the address that it is registered under, if there is one.
            let arn = "arn:aws:lambda:local:000000000000:function:mow"
            _ = try await discovery("register", "ns.s->mow", arn)
            #expect(try await discovery("subscribe", "news", arn).output.hasPrefix("ns.s->mow is subscribed to news: "))
            _ = try await discovery("register", "ns.s->reap", arn)
            let several = try await discovery("subscribe", "news", arn)
            #expect(several.status == 67 && several.complaint.contains("ns.s->mow, ns.s->reap"), "\(several)")
        }
    }

    @Test func `what does not fit a topic or a policy is said in words that say what to do`() async throws {
        try await withTopic { discovery in
            _ = try await discovery("topics", "create", "orders.fifo")
            let cases: [(arguments: [String], status: Int32, says: String)] = [
                (["news", "jobs", "--filter", #"{"store": ["a", {"prefx": "b"}]}"#], 79, "`store`"),
                (["news", "jobs", "--filter", "{"], 79, "JSON"), (["news", "jobs", "--filter", #"{"a": []}"#], 79, "`a`"),
                (["news", "jobs", "--filter", #"{"a": {"b": [1]}}"#], 79, "MessageBody"),
                (["news", "jobs", "--dead-letter", "lost"], 66, "no queue `lost`"),
                (["news", "jobs", "--dead-letter", "ns.s->lost"], 66, "lost"),
                (["olds", "jobs"], 66, "no topic `olds`"), (["ns.s->olds", "jobs"], 66, "olds"),
                (["ns.s->jobs", "jobs"], 68, "not a topic"),
                (["arn:aws:sns:eu-west-1:123456789012:news", "jobs"], 77, "no topic of this home"),
                (["orders.fifo", "http://localhost/"], 79, "Only queues"),
            ]
            for (arguments, status, says) in cases {
                let outcome = try await discovery.start(["subscribe"] + arguments).end()
                #expect(outcome.status == status && outcome.complaint.contains(says), "\(arguments): \(outcome)")
            }
            #expect(try await subscriptions(discovery).isEmpty)
        }
    }

    @Test func `a message is tried on a topic: who would get it, and why others would not`() async throws {
        try await withTopic { discovery in
            #expect(try await discovery("topics", "test", "news", "x").output.contains("nobody would get it"))
            for (queue, policy, scope) in [
                ("all", nil, nil), ("rain", #"{"kind": ["rain"], "mm": [{"numeric": [">=", 5]}]}"#, nil),
                ("paris", #"{"store": {"city": ["Paris"]}}"#, "MessageBody"), ("gone", nil, nil),
            ] {
                _ = try await discovery("queues", "create", queue)
                var arguments = ["subscribe", "news", queue]
                if let policy { arguments += ["--filter", policy] }
                if let scope { arguments += ["--filter-scope", scope] }
                #expect(try await discovery.start(arguments).end().status == 0)
            }
            _ = try await discovery("subscribe", "news", "http://localhost:9/")
            _ = try await discovery("queues", "delete", "gone")
            let verdicts: [Verdict] = try decoded(
                try await discovery(
                    "topics", "test", "ns.s->news", #"{"store": {"city": "Lyon"}}"#, "-a", "kind=rain", "--number", "mm=4", "--json"
                ).output)
            #expect(verdicts.map(\.endpoint) == ["all", "rain", "paris", "gone", "http://localhost:9/"])
            #expect(verdicts.map(\.accepted) == [true, false, false, false, false])
            #expect(verdicts.map(\.verdict) == ["accepted", "refused", "refused", "undeliverable", "pending"])
            #expect(verdicts.map(\.path) == [nil, ["mm"], ["store", "city"], nil, nil])
            #expect(verdicts[1].reason == "refused by its filter of MessageAttributes: mm: 4 is not >= 5")
            #expect(verdicts[2].reason == #"refused by its filter of MessageBody: store.city: "Lyon" is not "Paris""#)
            #expect(verdicts[3].reason == "The queue `gone` does not exist. It would be dropped.")
            let shown = try await discovery("topics", "test", "news", "-", "--attribute", "kind=rain", "--number", "mm=5", input: "wet")
            #expect(
                shown.output.contains("all                  yes      -") && shown.output.contains("rain                 yes      -"),
                "\(shown)")
            #expect(
                shown.output.contains("paris                no       refused by its filter of MessageBody: the body is no JSON object"),
                "\(shown)")
            for queue in ["all", "rain", "paris"] {
                #expect(try await discovery("peek", queue).output == "\(queue) is empty.\n", "nothing is published")
            }
            let long = try await discovery("topics", "test", "news", "x", "--subject", String(repeating: "x", count: 100))
            #expect(long.status == 79 && long.complaint.contains("A subject has 1 to 99"), "\(long)")
        }
    }

    @Test func `what is published reaches those whose filter lets it through, with its attributes`() async throws {
        struct Received: Decodable { let body: String?, attributes: [String: [String: String]] }
        try await withTopic { discovery in
            _ = try await discovery("queues", "create", "rain")
            _ = try await discovery("subscribe", "news", "jobs", "--raw")
            _ = try await discovery("subscribe", "news", "rain", "--raw", "--filter", #"{"kind": ["rain"], "mm": [{"numeric": [">", 5]}]}"#)
            let id = try await discovery("publish", "ns.s->news", "dry", "--attribute", "kind=sun")
            #expect(id.status == 0 && id.output.split(separator: "-").count == 5, "\(id)")
            let wet = try await discovery(
                "publish", "ns.s->news", "-", "-a", "kind=rain", "--number", "mm=7", "--subject", "Weather", "--json", input: "wet\n")
            #expect(wet.output.contains("\"id\""), "\(wet)")
            #expect(try await discovery("publish", "ns.s->news", input: "from the input").status == 0)
            let rain: [Received] = try decoded(try await discovery("peek", "rain", "--json").output)
            #expect(rain.map(\.body) == ["wet\n"])
            #expect(
                rain[0].attributes == ["kind": ["type": "String", "value": "rain"], "mm": ["type": "Number", "value": "7"]])
            let jobs: [Received] = try decoded(try await discovery("peek", "jobs", "--json").output)
            #expect(jobs.map(\.body) == ["dry", "wet\n", "from the input"])
        }
    }

    @Test func `a FIFO topic keeps its order and knows duplicates through to a FIFO queue`() async throws {
        try await CommandSession.run { discovery in
            _ = try await discovery("queues", "create", "q.fifo", "--address", "ns.s->q")
            _ = try await discovery("topics", "create", "t.fifo", "--address", "ns.s->t")
            #expect(try await discovery("subscribe", "ns.s->t", "ns.s->q", "--raw").status == 0)
            let ids = [
                try await discovery("publish", "ns.s->t", "b", "--group", "g", "--deduplication-id", "1").output,
                try await discovery("publish", "ns.s->t", "a", "--group", "g").output,
                try await discovery("publish", "ns.s->t", "b", "--group", "g", "--deduplication", "1").output,
            ]
            #expect(Set(ids).count == 2 && ids[0] == ids[2], "\(ids)")
            #expect(try await discovery("listen", "ns.s->q", "--wait", "0s").output == "b\na\n")
        }
    }

    @Test(arguments: [
        (["topics", "create", "a b"], Int32(79), "256 letters"), (["topics", "create", "a", "--content-deduplication"], 79, "FIFO"),
        (["topics", "create", "a", "--deduplication-scope", "queue"], 64, "`topic` or `group`"),
        (["topics", "create", "a", "--tag", "b"], 64, "key=value"), (["topics", "create", "a", "--address", "a.b->"], 65, "->"),
        (["topics", "set", "a"], 66, "no topic `a`"), (["topics", "delete", "a"], 66, "no topic `a`"),
        (["topics", "subscriptions", "a"], 66, "no topic `a`"), (["topics", "subscriptions", "ns.s->a"], 66, "namespace"),
        (["topics", "test", "a", "x"], 66, "no topic `a`"), (["topics", "test", "a", "x", "-a", "b"], 64, "key=value"),
        (["topics", "test", "a", "x", "--subject", ""], 79, "A subject has 1 to 99"),
        (["publish", "ns.s->a", "x"], 66, "namespace"), (["publish", "a.b->", "x"], 65, "->"),
        (["publish", "ns.s->a", "x", "--binary", "a=?"], 64, "base 64"),
        (["subscribe", "a"], 64, "Name who"), (["subscribe", "a", "b", "--filter-scope", "MessageBody"], 64, "--filter"),
        (["subscribe", "a", "b", "--filter", "{}", "--filter-scope", "body"], 64, "MessageAttributes"),
        (["subscribe", "a", "b", "--confirm", "c"], 64, "--confirm"), (["subscribe", "a", "--raw", "--confirm", "c"], 64, "--confirm"),
        (["subscribe", "a", "--confirm", "c"], 66, "no topic `a`"), (["unsubscribe", "a"], 64, "no subscription's id"),
    ])
    func `what is wrong is said in a sentence, with the documented exit code`(arguments: [String], status: Int32, says: String) async throws
    {
        try await CommandSession.run { discovery in
            let process = try discovery.start(arguments)
            process.closeInput()
            let outcome = await process.end()
            #expect(outcome.status == status, "\(outcome)")
            #expect(outcome.complaint.contains(says), "\(outcome.complaint)")
            #expect(!outcome.complaint.contains("Fatal error") && !outcome.complaint.contains("DiscoveryError("))
        }
    }

    @Test func `a queue is no topic, and a message to one that breaks a rule is refused`() async throws {
        try await withTopic { discovery in
            let queue = try await discovery("publish", "ns.s->jobs", "x")
            #expect(queue.status == 68 && queue.complaint.contains("queue"), "\(queue)")
            let subject = try await discovery("publish", "ns.s->news", "x", "--subject", "")
            #expect(subject.status == 79 && subject.complaint.contains("A subject has 1 to 99"), "\(subject)")
            let long = try await discovery("publish", "ns.s->news", "-", input: String(repeating: "x", count: 262_145))
            #expect(long.status == 81, "\(long)")
            _ = try await discovery("topics", "delete", "news")
            let gone = try await discovery("publish", "ns.s->news", "x")
            #expect(gone.status == 66 && gone.complaint.contains("no topic `news`"), "\(gone)")
        }
    }

    @Test func `what waits for a function is said while no courier runs, and delivered by one or by who publishes`() async throws {
        try await withTopic { discovery in
            // In a home of its own: who serves in this one is its courier.
            try await CommandSession.run { elsewhere in
                let server = try elsewhere.start(["serve", "ns.s->shout", "--", "sh", "-c", "cat >> $DISCOVERY_HOME/heard"])
                let line = try #require(await server.line())
                let url = try #require(line.split(separator: " ").first { $0.hasPrefix("http://") }, "\(line)")
                #expect(try await discovery("register", "ns.s->shout", String(url)).status == 0)
                #expect(try await discovery("subscribe", "news", "ns.s->shout", "--raw").status == 0)
                let waiting = try await discovery("publish", "ns.s->news", "a")
                #expect(waiting.status == 0 && waiting.complaint.contains("No courier runs") && waiting.complaint.contains("--deliver"))
                let doctor = try await discovery("doctor")
                #expect(doctor.output.contains("courier    none runs"), "\(doctor)")
                #expect(doctor.output.contains("1 message for ns.s->shout, of the topic news"), "\(doctor)")
                let delivered = try await discovery("publish", "ns.s->news", "b", "--deliver")
                #expect(delivered.status == 0 && delivered.complaint.isEmpty, "\(delivered)")
                let later = try await discovery("request", "ns.s->shout", "c", "--later")
                #expect(later.status == 0 && later.complaint.contains("No courier runs"), "\(later)")
                #expect(try await discovery("doctor").output.contains("1 call for ns.s->shout"))
                #expect(try await discovery("publish", "ns.s->news", "d", "--deliver").status == 0)
                let heard = URL(filePath: elsewhere.home).appending(path: "heard")
                #expect(try String(contentsOf: heard, encoding: .utf8).sorted() == ["a", "b", "c", "d"])
            }

            let courier = try discovery.start(["courier"])
            #expect(await courier.line() == "delivering; messages wait for 0 endpoints")
            let other = try discovery.start(["courier"])
            #expect(await other.line()?.contains("is the courier; this one waits for its turn") == true)
            courier.signal(SIGTERM)
            #expect(await courier.end().status == 0)
            #expect(await other.line() == "delivering; messages wait for 0 endpoints")
            other.signal(SIGTERM)
            #expect(await other.end().status == 0)
        }
    }

    @Test func `every command of topics explains itself with an example`() async throws {
        try await CommandSession.run { discovery in
            for command in [
                ["topics"], ["topics", "create"], ["topics", "set"], ["topics", "ls"], ["topics", "subscriptions"], ["topics", "test"],
                ["topics", "delete"], ["publish"], ["subscribe"], ["unsubscribe"], ["courier"],
            ] {
                let help = try await discovery.start(command + ["--help"]).end()
                #expect(help.status == 0 && help.output.contains("Example"), "\(command)")
            }
        }
    }
}
