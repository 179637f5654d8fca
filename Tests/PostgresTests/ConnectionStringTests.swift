import Postgres
import Testing

struct ConnectionStringTests {
  @Test(arguments: [
    ("postgres://me:s3cret@db.example.org:6543/shop", "postgres://me@db.example.org:6543/shop"),
    ("postgresql://me@db/shop?sslmode=require&password=s3cret", "postgres://me@db/shop"),
    ("host=db port=5433 user=me password='s3 cret' dbname=shop sslmode=disable", "postgres://me@db:5433/shop"),
    ("postgres://a:1,b:2/shop", "postgres://a:1,b:2/shop"),
    ("host=a,b port=5433 dbname=shop", "postgres://a:5433,b:5433/shop"),
    ("host=/var/run/postgresql dbname=shop", "postgres://%2Fvar%2Frun%2Fpostgresql/shop"),
    ("postgres://%2Ftmp:5433/shop", "postgres://%2Ftmp:5433/shop"),
    ("postgres://[2001:db8::1]:5432/shop", "postgres://[2001:db8::1]:5432/shop"),
    ("hostaddr=fe80::1%eth0", "postgres://[fe80::1%25eth0]"),
    ("hostaddr=192.0.2.1 user='o''brien'", "postgres://192.0.2.1"),
    ("user='a b/c@d' dbname='x?y'", "postgres://a%20b%2Fc%40d@/x%3Fy"),
    ("service=production", "postgres://"),
    ("", "postgres://"),
    ("  ", "postgres://"),
  ])
  func `it is shown without its password`(text: String, shown: String) throws {
    guard text != "hostaddr=192.0.2.1 user='o''brien'" else {
      // libpq has no doubled quotes: this is an error of the user's.
      #expect(throws: ConnectionStringError.self) { try ConnectionString(text) }
      return
    }
    let string = try ConnectionString(text)
    #expect(string.description == shown)
    #expect("\(string)" == shown)
    #expect(String(reflecting: string) == shown)
    // What is shown is itself a connection string with the same parts.
    let again = try ConnectionString(shown)
    #expect(again.description == shown)
    #expect(again.database == string.database)
    #expect(again.user == string.user)
  }

  @Test func `no reflection shows the password`() throws {
    for text in ["postgres://me:s3cret@db/shop", "user=me password=s3cret host=db"] {
      struct Holder { var string: ConnectionString, other = 1 }
      let string = try ConnectionString(text)
      var dumped = ""
      dump(Holder(string: string), to: &dumped)
      #expect(!dumped.contains("s3cret"))
      #expect(!"\(Holder(string: string))".contains("s3cret"))
      #expect(!String(reflecting: [string]).contains("s3cret"))
      #expect(Mirror(reflecting: string).children.count == 1)
    }
  }

  @Test func `its parts are those given, not defaults`() throws {
    let string = try ConnectionString("postgres://me:s3cret@a,b:5433/shop?sslmode=verify-full")
    #expect(string.user == "me")
    #expect(string.host == "a,b")
    #expect(string.port == ",5433")
    #expect(string.database == "shop")
    #expect(string.sslmode == "verify-full")
    #expect(string.hasPassword)
    let empty = try ConnectionString("")
    #expect([empty.user, empty.host, empty.port, empty.database, empty.sslmode] == [nil, nil, nil, nil, nil])
    #expect(!empty.hasPassword)
  }

  @Test func `another database can be selected`() throws {
    let string = try ConnectionString("postgres://me@db/shop").selecting(database: "a=b ü")
    #expect(string.database == "a=b ü")
    #expect(string.description == "postgres://me@db/a%3Db%20%C3%BC")
  }

  @Test(arguments: [
    ("postgres://u:s3cr%zzet@h/db", "two hexadecimal digits"),
    ("host=h password=my s3cret", "\"=\" is missing"),
    ("host=h password='my s3cret", "closing quote"),
    ("host=h password=a s3cret=b", "a keyword is unknown"),
    ("postgres://u:s3/cret@h/db", "percent-encoded"),
    ("postgres://u:12/s3cret@h/db", "percent-encoded"),
    ("postgres://u:a@s3cret@h/db", "percent-encoded"),
    ("postgres://u:a@\u{301}s3cret@\u{301}h/db", "percent-encoded"),
    ("postgres://u@corp:s3cret@h/db", "percent-encoded"),
    ("postgres://u:pa/ss?s3cret=b@h/db", "a parameter after the \"?\" is unknown"),
    ("postgres://u:a@b?s3cret=b@h/db", "a parameter after the \"?\" is unknown"),
    ("postgres://u:s3cret@[::1/db", "\"]\""),
    ("postgres://u:s3cret@[]/db", "empty"),
    ("postgres://u:s3cret@[::1]x/db", "follows the host"),
    ("postgres://u:s3cret@h/db?sslmode", "has no \"=\""),
    ("postgres://u:s3cret@h/db?sslmode=a=b", "more than one \"=\""),
    ("postgres://u:s3cret%00@h/db", "NUL"),
    ("postgres://u:s3cret@h:70000/db", "port"),
    ("port=s3cret", "port"),
    ("s3cret", "\"=\" is missing"),
    ("user=a\0 password=s3cret", "NUL"),
  ])
  func `an error quotes nothing of the string`(text: String, words: String) {
    let error = #expect(throws: ConnectionStringError.self) { try ConnectionString(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("s3") == false)
    #expect(error?.description.contains("cret") == false)
  }

  @Test func `an unknown parameter is named where it can't be a piece of a password`() {
    for text in ["host=h hots=x", "postgres://me@h/db?hots=x"] {
      let error = #expect(throws: ConnectionStringError.self) { try ConnectionString(text) }
      #expect(error?.description == "invalid connection string: unknown parameter \"hots\"")
    }
  }
}
