import Foundation
import GRDB
import Synchronization
import Testing

@testable import Store

/// What a home refuses, in one sentence each, and what it makes.
struct HomeTests {
    private func refusal(
        _ code: StoreError.Code, _ part: String, location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
    ) async {
        do {
            try await body()
            Issue.record("this was not refused", sourceLocation: location)
        } catch let error as StoreError {
            #expect(error.code == code, "\(error.message)", sourceLocation: location)
            #expect(error.message.contains(part), "\(error.message)", sourceLocation: location)
        } catch {
            Issue.record("\(error)", sourceLocation: location)
        }
    }

    @Test func `a home is made with its parents, for its owner alone`() async throws {
        try await withFolder { path in
            let store = try Store(notes: "\(path)/a/b/home")
            try await store.put(1)
            for folder in ["a", "a/b", "a/b/home"] {
                var status = stat()
                #expect(stat("\(path)/\(folder)", &status) == 0 && status.st_mode & 0o7777 == 0o700)
            }
            store.close()
        }
    }

    @Test func `a home removed while open is refused by name`() async throws {
        try await withFolder { path in
            let store = try Store(notes: "\(path)/home")
            try await store.put(1)
            // Again where a thread of the store's makes or removes a file meanwhile.
            while FileManager.default.fileExists(atPath: "\(path)/home") { try? FileManager.default.removeItem(atPath: "\(path)/home") }
            await refusal(.unusable, "\(path)/home was removed while it was open") { try await store.put(2) }
            await refusal(.unusable, "\(path)/home was removed while it was open") { _ = try await store.notes() }
            #expect(!FileManager.default.fileExists(atPath: "\(path)/home"))
            // One made anew in its place is another home.
            let anew = try Store(notes: "\(path)/home")
            await refusal(.unusable, "removed while it was open") { try await store.put(3) }
            #expect(try await anew.notes().isEmpty)
            anew.close()
            store.close()
        }
    }

    @Test func `a forked child is refused whatever it tries, and its parent goes on`() async throws {
        try await withFolder { path in
            let parent = try Child("notes", path)
            #expect(await parent.ask("open") == "ok")
            #expect(await parent.ask("put id=1") == "ok")
            #expect(await parent.ask("lease").hasPrefix("ok "))
            let answer = await parent.ask("fork")
            let sentence = "This process is a fork of the one that opened \(path). Open the home after the fork, not before it."
            for name in ["check", "read", "write", "lease", "sleep"] {
                #expect(answer.contains("\(name): \(sentence);"), "\(name) in \(answer)")
            }
            #expect(!answer.contains("ended with"), "\(answer)")
            #expect(await parent.ask("put id=2") == "ok")
            #expect(await parent.ask("count") == "ok 2")
        }
    }

    @Test func `a home written by a newer version is refused and left as it is`() async throws {
        try await withFolder { path in
            try Store(notes: path).close()
            let database = try DatabaseQueue(path: "\(path)/messages.sqlite")
            try await database.write { try $0.execute(sql: "PRAGMA user_version = 9") }
            try database.close()
            await refusal(.unusable, "newer version of discovery (format 9; this program knows up to 1)") { _ = try Store(notes: path) }
            #expect(try Home.examine(path: path).databases.map(\.version) == [9])
        }
    }

    @Test func `the database of another program is refused and left as it is`() async throws {
        try await withFolder { path in
            for (name, sql) in [
                ("marked", "CREATE TABLE a (b); PRAGMA application_id = 17"), ("versioned", "CREATE TABLE a (b); PRAGMA user_version = 1"),
                ("tables", "CREATE TABLE a (b)"), ("same table", "CREATE TABLE notes (b)"),
            ] {
                let home = "\(path)/\(name)"
                try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
                let database = try DatabaseQueue(path: "\(home)/messages.sqlite")
                try await database.write { try $0.execute(sql: sql) }
                try database.close()
                await refusal(.unusable, "is a database of another program") { _ = try Store(notes: home) }
                let again = try DatabaseQueue(path: "\(home)/messages.sqlite")
                #expect(try await again.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") } == 1)
                try again.close()
            }
        }
    }

    @Test func `steps take an older database to today and keep what it holds`() async throws {
        try await withFolder { path in
            let first = try Store(notes: path)
            try await first.put(1, "old")
            first.close()
            let schema = Schema(
                .messages, steps: NoteStore.schema.steps + ["ALTER TABLE notes ADD COLUMN more TEXT", "CREATE TABLE b (c) "])
            let second = try Store(Home(path: path), schema)
            #expect(try await second.read { try $0.first("SELECT text, more FROM notes") { $0.text(0) } } == "old")
            second.close()
            await refusal(.unusable, "format 3; this program knows up to 1") { _ = try Store(notes: path) }
        }
    }

    @Test func `a step that fails leaves the database at its version`() async throws {
        try await withFolder { path in
            try Store(notes: path).close()
            let schema = Schema(.messages, steps: NoteStore.schema.steps + ["CREATE TABLE b (c)", "CREATE TABLE notes (c)"])
            await refusal(.statement, "notes") { _ = try Store(Home(path: path), schema) }
            let store = try Store(notes: path)
            #expect(try await store.read { try $0.all("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.text(0) } } == ["notes"])
            store.close()
        }
    }

    @Test func `what is no directory, and what cannot be made, is refused by name`() async throws {
        try await withFolder { path in
            try Data("a".utf8).write(to: URL(filePath: "\(path)/file"))
            await refusal(.unusable, "\(path)/file is not a directory") { _ = try Home(path: "\(path)/file") }
            await refusal(.unusable, "\(path)/file") { _ = try Home(path: "\(path)/file/home") }
            await refusal(.unusable, "There is no group no-such-group") { _ = try Home(path: "\(path)/home", group: "no-such-group") }
            #expect(!FileManager.default.fileExists(atPath: "\(path)/home"))
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root can become another user"))
    func `a home that this user may not write is refused by name`() async throws {
        try await withFolder { path in
            try Store(notes: "\(path)/home").close()
            for mode in [0o700, 0o755] {
                chmod(path, 0o755)
                chmod("\(path)/home", mode_t(mode))
                let child = try Child("notes", "\(path)/home")
                #expect(await child.ask("become") == "ok")
                let answer = await child.ask("open")
                #expect(answer.hasPrefix("error unusable \(path)/home"), "\(answer)")
                #expect(answer.contains("cannot be written"), "\(answer)")
            }
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root can become another user"))
    func `a home of a group is used by its members, whatever the umask of who made it`() async throws {
        try await withFolder { path in
            chmod(path, 0o755)
            // The group of root, which every system has; `become` leaves all other groups.
            let group = try #require(getgrgid(0).map { String(cString: $0.pointee.gr_name) })
            let owner = try Child("notes", "\(path)/home")
            #expect(await owner.ask("umask mask=63").hasPrefix("ok"))  // 0o077
            #expect(await owner.ask("open group=\(group)") == "ok")
            #expect(await owner.ask("put id=1") == "ok")
            #expect(await owner.ask("lease").hasPrefix("ok"))
            let member = try Child("notes", "\(path)/home")
            #expect(await member.ask("become user=65534 group=0") == "ok")
            #expect(await member.ask("open") == "ok")
            #expect(await member.ask("put id=2") == "ok")
            #expect(await member.ask("lease").hasPrefix("ok"))
            #expect(await owner.ask("count") == "ok 2")
            // And after all have gone: the log was deleted and is made anew by the member.
            #expect(await owner.ask("close") == "ok")
            #expect(await member.ask("close") == "ok")
            #expect(await member.ask("open") == "ok")
            #expect(await member.ask("put id=3") == "ok")
            #expect(await owner.ask("open") == "ok")
            #expect(await owner.ask("put id=4") == "ok")
            #expect(await member.ask("count") == "ok 4")
        }
    }

    @Test func `a network file system is told from a local one by the table of mounts`() {
        let table = """
            22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
            30 22 0:26 / /srv rw,noatime shared:15 master:1 - nfs4 server:/export rw,vers=4.2
            31 22 0:27 / /mnt/cifs rw - cifs //server/share rw
            32 22 0:28 / /mnt/with\\040space rw,relatime - fuse.sshfs me@there:/ rw
            33 22 0:29 / /tmp rw - tmpfs tmpfs rw
            34 22 0:30 / /mnt/vm rw - 9p host rw
            35 22 0:31 / /mnt/ceph rw - ceph 1.2.3.4:/ rw
            36 22 0:32 / /auto rw - autofs systemd-1 rw
            broken line
            37 22 0:33 / /x rw - 
            """
        let expected: [(String, String?)] = [
            ("254:0", nil), ("0:26", "nfs4"), ("0:27", "cifs"), ("0:28", "fuse.sshfs"), ("0:29", nil), ("0:30", "9p"), ("0:31", "ceph"),
            ("0:32", nil), ("0:33", nil), ("0:2", nil), ("7:7", nil), ("", nil),
        ]
        for (device, kind) in expected { #expect(Platform.networkFileSystem(mountinfo: table, device: device) == kind, "\(device)") }
        #expect(Platform.networkFileSystem(mountinfo: "", device: "1:1") == nil)
    }

    @Test func `the folder of these tests is found in the table of mounts of this machine`() async throws {
        try await withFolder { path in
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            defer { close(descriptor) }
            #expect(Platform.networkFileSystem(descriptor) == nil)
        }
    }

    @Test func `a relative path and one with a slash at its end name the same home`() async throws {
        try await withFolder { path in
            let store = try Store(notes: path + "/")
            try await store.put(1)
            #expect(store.home.path == path)
            store.close()
        }
        #expect(Home.defaultPath(environment: ["XDG_STATE_HOME": "/state", "HOME": "/me"]) == "/state/discovery")
        #expect(Home.defaultPath(environment: ["XDG_STATE_HOME": "relative", "HOME": "/me"]) == "/me/.local/state/discovery")
        #expect(Home.defaultPath(environment: ["HOME": "/me"]) == "/me/.local/state/discovery")
    }

    @Test func `a page that is being made by one process is not wiped by another`() async throws {
        try await withFolder { path in
            // Both find no file, or a short one; both make it long; what either stored in between must stay.
            for round in 0..<(Rounds.count * 20) {
                let file = "\(path)/page-\(round)"
                let kept = await withTaskGroup(of: Bool.self) { group in
                    for lane in 0..<4 {
                        group.addTask {
                            guard let page = try? MappedFile(path: file, size: 1 << 15) else { return false }
                            page.word(lane).pointee.store(UInt64(lane + 1), ordering: .sequentiallyConsistent)
                            return true
                        }
                    }
                    return await group.reduce(true) { $0 && $1 }
                }
                let page = try MappedFile(path: file, size: 1 << 15)
                let words = (0..<4).map { page.word($0).pointee.load(ordering: .sequentiallyConsistent) }
                #expect(kept && words == [1, 2, 3, 4], "round \(round)")
                unlink(file)
            }
        }
    }
}
