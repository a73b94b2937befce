import Testing

@testable import HTTPServing

struct ConnectionMachineTests {
    typealias Machine = ConnectionMachine

    /// A machine in each state, by the events that lead there.
    private static func machine(in state: Machine.State) -> Machine {
        var machine = Machine(maximumBodySize: 10, isEncrypted: state == .handshaking)
        switch state {
        case .handshaking, .idle: break
        case .readingHead: _ = machine.bytesCame()
        case .readingBody(let received):
            _ = machine.headCame(Machine.Head())
            _ = machine.bodyCame(received) { true }
        case .working:
            _ = machine.headCame(Machine.Head())
            _ = machine.endCame()
        case .replying:
            machine = self.machine(in: .working)
            _ = machine.replyWritten(closes: false, taken: false)
        case .closing: _ = machine.parsingFailed(.malformed)
        case .lingering:
            machine = self.machine(in: .closing)
            machine.outputShut()
        case .closed: _ = machine.disconnected()
        }
        #expect(machine.state == state)
        return machine
    }

    private static let states: [Machine.State] = [
        .handshaking, .idle, .readingHead, .readingBody(received: 4), .working, .replying, .closing, .lingering, .closed,
    ]

    @Test func `bytes are parsed, held or thrown away`() {
        let table: [Machine.BytesAction] = [.parse, .parse, .parse, .parse, .hold, .hold, .discard, .discard, .discard]
        for (state, action) in zip(Self.states, table) {
            var machine = Self.machine(in: state)
            #expect(machine.bytesCame() == action, "\(state)")
            #expect(machine.state == ([.idle, .handshaking].contains(state) ? .readingHead : state))
        }
    }

    @Test func `each state waits for one thing, and for nothing while the handler works`() {
        let table: [Machine.Patience?] = [.handshake, .request, .head, .body, nil, .reply, .reply, .close, nil]
        for (state, patience) in zip(Self.states, table) { #expect(Self.machine(in: state).patience == patience, "\(state)") }
    }

    @Test func `headers are judged before any of the body is read`() {
        let table: [(Machine.Head, Machine.HeadAction)] = [
            (.init(), .proceed),
            (.init(declaredLength: 10), .proceed),
            (.init(declaredLength: 11), .refuse(.bodyTooLong)),
            (.init(declaredLength: .max, expectsContinue: true), .refuse(.bodyTooLong)),
            (.init(declaredLength: 10, expectsContinue: true), .proceedWithContinue),
            (.init(declaredLength: 0, expectsContinue: true), .proceed),
            (.init(expectsContinue: true), .proceedWithContinue),
            (.init(declaredLength: 10, expectsContinue: true, isHTTP10: true), .proceed),
            (.init(hasValidHost: false), .refuse(.malformed)),
            (.init(flaw: .encodingUnknown), .refuse(.encodingUnknown)),
        ]
        for (head, action) in table {
            var machine = Self.machine(in: .readingHead)
            #expect(machine.headCame(head) == action, "\(head)")
            if case .refuse = action { #expect(machine.state == .closing) } else { #expect(machine.state == .readingBody(received: 0)) }
        }
        for state in Self.states.dropFirst(3) {
            var machine = Self.machine(in: state)
            #expect(machine.headCame(Machine.Head()) == .ignore, "\(state)")
        }
    }

    @Test func `a body may come up to the limit and not one byte more`() {
        var machine = Self.machine(in: .readingBody(received: 4))
        #expect(machine.bodyCame(6) { true } == .keep)
        #expect(
            machine.bodyCame(1) {
                Issue.record("asked for memory it must not take"); return true
            } == .refuse(.bodyTooLong))
        #expect(machine.bodyCame(1) { true } == .ignore)
        machine = Self.machine(in: .readingBody(received: 4))
        #expect(machine.bodyCame(.max) { true } == .refuse(.bodyTooLong))
        machine = Self.machine(in: .readingBody(received: 4))
        #expect(machine.bodyCame(1) { false } == .refuse(.overloaded))
        #expect(machine.state == .closing)
    }

    @Test func `a request ends once`() {
        for state in Self.states {
            var machine = Self.machine(in: state)
            let isBody = state == .readingBody(received: 4)
            #expect(machine.endCame() == isBody, "\(state)")
            #expect(machine.state == (isBody ? .working : state))
        }
    }

    @Test func `bytes that are no HTTP are answered unless a reply is on its way`() {
        for state in Self.states {
            var machine = Self.machine(in: state)
            let answers = [.idle, .readingHead, .readingBody(received: 4)].contains(state)
            #expect(machine.parsingFailed(.malformed) == (answers ? .malformed : nil), "\(state)")
            #expect(machine.state == (answers ? .closing : state))
        }
    }

    @Test func `a reply takes its form from the request and from the server`() {
        let table: [(Machine.Head, Bool, ReplyForm)] = [
            (.init(), false, ReplyForm()),
            (.init(), true, ReplyForm(closes: true)),
            (.init(keepsAlive: false), false, ReplyForm(closes: true)),
            (.init(isHEAD: true), false, ReplyForm(omitsBody: true)),
            (.init(isHTTP10: true), false, ReplyForm(announcesKeepAlive: true)),
            (.init(isHTTP10: true), true, ReplyForm(closes: true)),
        ]
        for (head, closes, form) in table {
            var machine = Self.machine(in: .idle)
            _ = machine.headCame(head)
            _ = machine.endCame()
            #expect(machine.replyCame(closes: closes) == form, "\(head)")
        }
        for state in Self.states where state != .working {
            let machine = Self.machine(in: state)
            #expect(machine.replyCame(closes: false) == nil, "\(state)")
        }
    }

    @Test func `the next request waits until enough of the reply is taken`() {
        var machine = Self.machine(in: .working)
        #expect(machine.replyWritten(closes: false, taken: true) == .next)
        #expect(machine.state == .idle)
        machine = Self.machine(in: .working)
        #expect(machine.replyWritten(closes: false, taken: false) == .wait)
        #expect(machine.becameWritable() == true)
        #expect(machine.state == .idle)
        #expect(machine.becameWritable() == false)
        machine = Self.machine(in: .working)
        #expect(machine.replyWritten(closes: true, taken: false) == .shutOutput)
        #expect(machine.state == .closing)
    }

    @Test func `impatience, the linger's end and the server's end each have their way with a state`() {
        typealias Ending = Machine.EndingAction
        let patience: [Ending] = [.cut, .shutOutput, .refuse(.tooSlow), .refuse(.tooSlow), .nothing, .cut, .cut, .cut, .nothing]
        let linger: [Ending] = [.nothing, .refuse(.leaving), .nothing, .nothing, .nothing, .shutOutput, .nothing, .nothing, .nothing]
        let stop: [Ending] = [
            .cut, .refuse(.leaving), .refuse(.leaving), .refuse(.leaving), .nothing, .shutOutput, .nothing, .nothing, .nothing,
        ]
        for (index, state) in Self.states.enumerated() {
            var machine = Self.machine(in: state)
            #expect(machine.patienceEnded() == patience[index], "\(state)")
            machine = Self.machine(in: state)
            #expect(machine.lingerEnded() == linger[index], "\(state)")
            machine = Self.machine(in: state)
            #expect(machine.serverStopped() == stop[index], "\(state)")
        }
    }

    @Test func `a handshake ends once, and only requests in the connection's hands make what follows wait`() {
        for state in Self.states {
            var machine = Self.machine(in: state)
            #expect(machine.isBusy == [.working, .replying].contains(state), "\(state)")
            machine.handshakeEnded()
            #expect(machine.state == (state == .handshaking ? .idle : state))
        }
    }

    @Test func `a disconnect cancels only work`() {
        for state in Self.states {
            var machine = Self.machine(in: state)
            #expect(machine.disconnected() == (state == .working), "\(state)")
            #expect(machine.state == .closed)
        }
    }
}
