import CFaultyDisk

/// A directory whose files fail and crash on demand, for as long as this object lives.
///
/// It concerns every call of the process, RocksDB's included, on a file in the directory; nothing in it is really synced. `faulty_disk.h` says
/// what a crash leaves. Files that were there before count as synced. Paths must be written as they are here, without links and detours.
// Invariant of @unchecked Sendable: the C object is made here and freed at the end, and guards its own state; the observer is a constant.
package final class FaultyDisk: @unchecked Sendable {
    /// The calls that are numbered and can fail.
    package struct Calls: OptionSet, Sendable {
        package let rawValue: Int32

        package init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        package static let write = Calls(rawValue: Int32(FAULTY_WRITE.rawValue))
        /// `fsync` and `fdatasync`, also of directories.
        package static let sync = Calls(rawValue: Int32(FAULTY_SYNC.rawValue))
        /// An `open` that makes a file, and `link`.
        package static let create = Calls(rawValue: Int32(FAULTY_CREATE.rawValue))
        package static let rename = Calls(rawValue: Int32(FAULTY_RENAME.rawValue))
        /// What a full disk refuses.
        package static let growth: Calls = [.write, .create]
        package static let all: Calls = [.write, .sync, .create, .rename]
    }

    /// What an image lacks of the bytes that were never synced.
    package enum Loss: Sendable, CaseIterable {
        /// Nothing: the process was killed.
        case none
        /// The end of each file, cut off anywhere.
        case cut
        /// The same, with garbage or zeros in its place in a log (`*.log`).
        case torn

        fileprivate var number: faulty_loss {
            switch self {
            case .none: FAULTY_KEEP
            case .cut: FAULTY_CUT
            case .torn: FAULTY_TEAR
            }
        }
    }

    /// Why the observer is called.
    package enum Moment: Sendable {
        /// A write-ahead log is about to be synced.
        case logSync
        /// An image is about to be taken, at the number that was given.
        case crash
    }

    /// The directory's absolute path.
    package let directory: String
    private let disk: OpaquePointer
    private let observer: Observer

    /// Registers a directory.
    ///
    /// - Parameters:
    ///   - predecessor: the disk whose last image the directory is. What an image without losses has of unsynced bytes is as little durable
    ///     here as it was there.
    ///   - observe: called at the moments above, on the thread that makes the call and before it is made.
    package init(directory: String, continuing predecessor: FaultyDisk? = nil, observe: @escaping @Sendable (Moment) -> Void = { _ in }) {
        self.directory = directory
        observer = Observer(observe)
        // The disk holds the observer without a reference of its own, and is freed before it is released.
        disk = faulty_disk_make(
            directory,
            { context, isCrash in
                guard let context else { return }
                Unmanaged<Observer>.fromOpaque(context).takeUnretainedValue().observe(isCrash ? .crash : .logSync)
            }, Unmanaged.passUnretained(observer).toOpaque())
        if let predecessor { faulty_disk_continue(disk, predecessor.disk) }
    }

    deinit {
        faulty_disk_free(disk)
    }

    /// The number of the last call; the first one has number 1.
    package var calls: UInt64 { faulty_disk_calls(disk) }

    /// How many calls were made to fail.
    package var failures: UInt64 { faulty_disk_failures(disk) }

    /// Makes calls fail, from number `first` on (by default the next one), until `count` of them have failed or the disk is healed. It
    /// replaces what was asked for before.
    ///
    /// - Parameter isShort: a first call that writes writes half of its bytes instead of failing.
    package func fail(_ calls: Calls, from first: UInt64 = 0, count: UInt64 = .max, with error: Int32, isShort: Bool = false) {
        faulty_disk_fail(disk, calls.rawValue, first, count, error, isShort)
    }

    /// Lets all calls succeed again.
    package func heal() {
        faulty_disk_fail(disk, 0, 0, 0, 0, false)
    }

    /// Has an image of the directory made at `image`, which must not exist, just before the call of this number. After it nothing fails any more.
    package func crash(atCall number: UInt64, into image: String, losing loss: Loss, seed: UInt64) {
        faulty_disk_crash(disk, number, image, loss.number, seed)
    }

    /// Whether the image that was asked for has been taken.
    package var hasCrashed: Bool { faulty_disk_has_crashed(disk) }

    /// Makes an image now, in place of the one that may have been asked for at a number.
    package func takeImage(at image: String, losing loss: Loss, seed: UInt64) {
        faulty_disk_take_image(disk, image, loss.number, seed)
    }

    /// How many bytes of a file are synced; all of them where nobody has written it, 0 where there is none.
    package func syncedBytes(of path: String) -> UInt64 {
        faulty_disk_synced_bytes(disk, path)
    }

    private final class Observer: Sendable {
        let observe: @Sendable (Moment) -> Void

        init(_ observe: @escaping @Sendable (Moment) -> Void) {
            self.observe = observe
        }
    }
}
