internal import Foundation
internal import Synchronization

/// The page that all processes of a home have mapped: how they tell one another that something changed, and what time it is.
///
/// ```
/// word   0       layout and magic
///        1       identity of the boot that the offset below belongs to
///        2       home time minus boot clock, nanoseconds
///        3       home time when it was last written, nanoseconds
///        8, 16   commit words of `registry` and `messages`, each on a cache line of its own
///        64…127  bells: how often each rang
///        128…191 bells: 1 while somebody sleeps
///        511     poked with write(2), which wakes those who watch the file
/// ```
///
/// A commit word is even while quiet, odd from just before a COMMIT until just after, and only changed under the database's lock. It
/// never repeats a value for another state, so equal even words mean that nothing was committed in between.
final class Signals: Sendable {
    static let size = 4096
    private static let magic: UInt64 = 0x6469_7363_0000_0001
    private static let pokeOffset = 511 * 8
    let file: MappedFile

    init(path: String) throws(StoreError) {
        file = try MappedFile(path: path, size: Self.size)
        // Alone, one may rebuild the page; a shared lock held for life tells the next that he is not alone.
        if flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 {
            let magic = file.word(0)
            if magic.pointee.load(ordering: .relaxed) != Self.magic {
                for index in 1..<(Self.size / 8) { file.word(index).pointee.store(0, ordering: .relaxed) }
                magic.pointee.store(Self.magic, ordering: .releasing)
            }
            for index in 128..<192 { file.word(index).pointee.store(0, ordering: .relaxed) }
            anchorTime()
        }
        guard flock(file.descriptor, LOCK_SH) == 0 else { throw .system("flock", path, errno: errno) }
        if file.word(1).pointee.load(ordering: .acquiring) != Platform.bootIdentity() { anchorTime() }
    }

    // MARK: Home time

    /// Nanoseconds by the home's clock: anchored once per boot to the later of the wall clock and what was last seen, then moved by
    /// the boot clock alone. It never falls, whatever happens to the wall clock.
    func now() -> Int64 {
        let now = Platform.bootClock() &+ Int64(bitPattern: file.word(2).pointee.load(ordering: .relaxed))
        file.word(3).pointee.max(UInt64(bitPattern: now), ordering: .relaxed)
        return now
    }

    private func anchorTime() {
        let boot = Platform.bootIdentity()
        guard file.word(1).pointee.load(ordering: .acquiring) != boot else { return }
        let seen = Int64(bitPattern: file.word(3).pointee.load(ordering: .relaxed))
        let offset = max(Platform.wallClock(), seen) &- Platform.bootClock()
        file.word(2).pointee.store(UInt64(bitPattern: offset), ordering: .relaxed)
        file.word(1).pointee.store(boot, ordering: .releasing)
    }

    // MARK: Bells

    func rings(of bell: Bell) -> UInt64 { file.word(64 + bell.index).pointee.load(ordering: .acquiring) }

    /// Tells the next ringer that somebody sleeps. A flag and not a count: a count would leak with every killed sleeper.
    func announceSleeper(at bell: Bell) {
        file.word(128 + bell.index).pointee.store(1, ordering: .sequentiallyConsistent)
    }

    /// Rings the bells of a mask; wakes other processes only where one sleeps.
    func ring(_ bells: UInt64) {
        var sleepers: UInt64 = 0
        var rest = bells
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            rest &= rest - 1
            file.word(64 + index).pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
            sleepers |= file.word(128 + index).pointee.exchange(0, ordering: .sequentiallyConsistent)
        }
        if sleepers != 0 { poke() }
    }

    /// A write that inotify and kqueue report; stores into a mapped page are not reported.
    func poke() {
        var zero: UInt64 = 0
        pwrite(file.descriptor, &zero, 8, off_t(Self.pokeOffset))
    }
}

/// One of 64 things that a sleeper can wait for; names share bells by hash, so a sleeper looks again before it believes.
package struct Bell: Sendable, Hashable {
    let index: Int

    package init(for name: some StringProtocol) {
        index = Int(StableHash.fnv1a(name.utf8) >> 58)
    }

    var mask: UInt64 { 1 << UInt64(index) }
}

/// A point in a home's time, in milliseconds since 1970; never falls while the home lives, unlike the wall clock.
package struct HomeTime: Sendable, Hashable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: HomeTime, right: HomeTime) -> Bool { left.milliseconds < right.milliseconds }
    package static func + (time: HomeTime, duration: Duration) -> HomeTime {
        let (seconds, attoseconds) = duration.components
        return HomeTime(milliseconds: time.milliseconds + seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
}
