package Rules;

# Rules of a test, matched with a message by reevectl.

use strict;
use warnings;

use JSON::PP;

use Sandbox;

sub new
{
	my ($class, $box) = @_;

	return bless { box => $box }, $class;
}

# Writes a rule file.
sub file
{
	my ($self, $name, $rules) = @_;

	return $self->{box}->write_file($name // 'some.cf', $rules);
}

# reevectl rules ...: its status, output and errors.
sub run
{
	my ($self, @args) = @_;
	my $box = $self->{box};

	return $box->run("$Sandbox::BUILD/reevectl", '-c',
		$box->write_file('plain.conf', Sandbox::conf_text({
			state_dir => $box->path('none'),
			rules => { files => [] } })), 'rules', @args);
}

# The names that hit a message, subs among them.
sub hits
{
	my ($self, $rules, $message) = @_;
	my ($status, $out, $err) = $self->run('match', '--json', '--rules',
		$self->file('hits.cf', $rules),
		$self->{box}->write_file('m.eml', $message));

	return "status $status: $err" if $status;
	my $got = decode_json($out);
	return join ' ', sort @{ $got->{hits} }, @{ $got->{subhits} };
}

1;
